"""Pages of the site that stand elsewhere: those of the repository, and a page of reference for each room."""

import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "kazstance"
SHOWN: Final = {"card.md": "DATASET_CARD.md", "codebook.md": "raw/CODEBOOK.md", "changelog.md": "CHANGELOG.md"}
PRIVATE: Final = ("__main__", "cli")
FRONT: Final = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Append the reference to the navigation."""
    config.nav.append({"Reference": [f"api/{room}.md" for room in rooms()]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those of the folder docs/."""
    for place, source in SHOWN.items():
        text = FRONT.sub("", (ROOT / source).read_text(encoding="utf-8"))
        files.append(File.generated(config, place, content=_turned(text, source)))
    for room in rooms():
        parts = [f"# kazstance{'' if room == 'kazstance' else f'.{room}'}", *(f"::: {name}" for name in modules(room))]
        files.append(File.generated(config, f"api/{room}.md", content="\n\n".join(parts) + "\n"))
    return files


def rooms() -> list[str]:
    """The rooms of the package that others call."""
    found = (path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())
    return sorted({path.stem for path in found} - {"__init__", *PRIVATE})


def modules(room: str) -> list[str]:
    """The modules of a room, its own first."""
    inner = sorted(path.stem for path in (PACKAGE / room).glob("*.py") if path.stem != "__init__")
    return [f"kazstance.{room}", *(f"kazstance.{room}.{name}" for name in inner)]


def _turned(text: str, source: str) -> str:
    """A page with its links as they are seen from docs/; what is no page of the site is named without a link."""
    pages = {name: place for place, name in SHOWN.items()}

    def turn(found: re.Match[str]) -> str:
        text, link, anchor = found.groups()
        target = (ROOT / source).parent.joinpath(link).resolve().relative_to(ROOT).as_posix()
        if target in pages:
            return f"[{text}]({pages[target]}{anchor or ''})"
        return f"[{text}]({target.removeprefix('docs/')}{anchor or ''})" if target.startswith("docs/") else text

    return re.sub(r"\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)", turn, text)

"""What the site has besides docs/: pages of the repository, the notebook with its outputs, the reference, charts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import ExecutePreprocessor

import kazstance
from kazstance.plot.sources import disagreement_ranking, position_matrix
from kazstance.plot.theme import to_svg

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "kazstance"
SHOWN: Final = {"card.md": "DATASET_CARD.md", "codebook.md": "raw/CODEBOOK.md", "changelog.md": "CHANGELOG.md"}
PRIVATE: Final = ("__main__", "_front", "_moved", "cli")
FRONT: Final = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Append the reference to the navigation."""
    config.nav.append({"Reference": [f"api/{room}.md" for room in rooms()]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and charts to those of the folder docs/."""
    for place, source in SHOWN.items():
        files.append(File.generated(config, place, content=FRONT.sub("", (ROOT / source).read_text(encoding="utf-8"))))
    for room in rooms():
        parts = [f"# kazstance.{room}", *(f"::: {name}" for name in modules(room))]
        files.append(File.generated(config, f"api/{room}.md", content="\n\n".join(parts) + "\n"))
    page, images = executed_notebook()
    files.append(File.generated(config, "notebook.md", content=page))
    for name, image in images.items():
        files.append(File.generated(config, name, content=image))
    for name, chart in charts():
        files.append(File.generated(config, f"images/{name}.svg", content=to_svg(chart)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links into the repository into links to pages; what is no page of the site is named without a link."""
    place = page.file.src_uri
    home = (ROOT / SHOWN.get(place, f"docs/{place}")).parent
    pages = {(ROOT / source).resolve(): shown for shown, source in SHOWN.items()}

    def turn(found: re.Match[str]) -> str:
        text, link, anchor = found.groups()
        if place not in SHOWN and not link.startswith("../"):
            return found[0]
        target = (home / link).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return f"[{text}]({target.relative_to(ROOT / 'docs').as_posix()}{anchor or ''})"
        return f"[{text}]({pages[target]}{anchor or ''})" if target in pages else text

    return LINK.sub(turn, markdown)


def rooms() -> list[str]:
    """The rooms of the package that others call."""
    found = (path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())
    return sorted({path.stem for path in found} - {"__init__", *PRIVATE})


def modules(room: str) -> list[str]:
    """The modules of a room, its own first."""
    inner = sorted(path.stem for path in (PACKAGE / room).glob("*.py") if path.stem != "__init__")
    return [f"kazstance.{room}", *(f"kazstance.{room}.{name}" for name in inner)]


def executed_notebook() -> tuple[str, dict[str, bytes]]:
    """The notebook as Markdown with its outputs, and its images by name."""
    notebook = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    ExecutePreprocessor(timeout=600).preprocess(notebook, {"metadata": {"path": ROOT}})
    page, resources = MarkdownExporter().from_notebook_node(notebook, {"output_files_dir": "images/notebook"})
    return page, resources["outputs"]


def charts() -> Iterator[tuple[str, Any]]:
    """The charts of the walk-through, drawn from the data as it is."""
    compared = kazstance.open().compare()
    yield "positions", position_matrix(compared.positions(), compared.names)
    yield "disagreements", disagreement_ranking(compared.disagreements(), compared.names)

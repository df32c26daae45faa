"""What the site has besides docs/: pages of the repository, the notebook with its outputs, the reference, charts."""

import re
from pathlib import Path
from typing import Any, Final

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import ExecutePreprocessor

from benchmarks.gallery import charts

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "kazstance"
PUBLIC: Final = {
    "Datasets": ("open", "Dataset", "Table", "History", "Manifest", "build", "from_table", "concat"),
    "Comparison": ("compare", "Comparison", "Cell", "Disagreement", "Distances", "Word", "Chart"),
    "Scores and benchmarks": ("score", "Scores", "benchmark", "Benchmark", "Result"),
    "Models": ("fit", "load_model", "Model"),
    "Agreement and results": ("Agreement", "Drift", "Estimate", "Listing"),
    "Tables in one call": ("load", "table", "path", "splits", "to_hf", "manifest", "verify"),
    "Rows": (
        *("Stance", "GridCell", "Pair", "Probe", "Sentence", "Judgement", "SourcePosition", "Source", "Target"),
        *("Annotator", "Label", "Position"),
    ),
    "Errors": (
        *("KazstanceError", "InputError", "IntegrityError", "MissingExtraError", "UnknownLabelError"),
        "UnknownNameError",
    ),
}
"""The public names, as the reference groups them."""
SUPPORTED: Final = ("bench", "comparison", "metrics", "models", "plot", "schema", "stats")
"""Packages and modules that programs may import from, besides the public names."""
PLACES: Final = {"table": "kazstance.dataset.reading.table"}
"""Where a public name is found, if a module of the package that defines it has the same name."""
PUBLIC_NAME: Final = """::: {place}
    options:
      heading_level: 3
      inherited_members: true
      show_root_full_path: false
      show_root_heading: true
      show_root_toc_entry: true
"""
INTRODUCTION: Final = """# Reference

The names on this page are the public API: `import kazstance as ks`, then `ks.open()`. They stay. If one has to change,
its old name says what has taken its place ([Coming from 0.3](../coming_from_0_3.md)), and the
[changelog](../changelog.md) lists it.

{modules} are supported, too, for those who need the parts: they are tested and documented like the public names, but
a minor version may move what is in them, and the changelog then says so. Everything else in the package is internal,
and so is every name that begins with an underscore.
"""
SHOWN: Final = {
    "card.md": "DATASET_CARD.md",
    "changelog.md": "CHANGELOG.md",
    "codebook.md": "raw/CODEBOOK.md",
    "contributing.md": "CONTRIBUTING.md",
}
FRONT: Final = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Append the reference to the navigation."""
    config.nav.append({"Reference": ["api/kazstance.md", *(f"api/{name}.md" for name in SUPPORTED)]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and charts to those of the folder docs/."""
    for place, source in SHOWN.items():
        files.append(File.generated(config, place, content=FRONT.sub("", (ROOT / source).read_text(encoding="utf-8"))))
    files.append(File.generated(config, "api/kazstance.md", content=public_reference()))
    for name in SUPPORTED:
        parts = [f"# kazstance.{name}", *(f"::: {module}" for module in modules(name))]
        files.append(File.generated(config, f"api/{name}.md", content="\n\n".join(parts) + "\n"))
    page, images = executed_notebook()
    files.append(File.generated(config, "notebook.md", content=page))
    for name, image in images.items():
        files.append(File.generated(config, name, content=image))
    for name, svg in charts().items():
        place = f"images/{name}.svg"
        if kept := files.get_file_from_path(place):
            files.remove(kept)
        files.append(File.generated(config, place, content=svg))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links into the repository into links to pages; a file that is not on the site is named without a link."""
    place = page.file.src_uri
    if place.startswith("api/"):
        return markdown
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


def public_reference() -> str:
    """The page on the public names, each with its heading."""
    links = ", ".join(f"[`kazstance.{name}`]({name}.md)" for name in SUPPORTED)
    parts = [INTRODUCTION.format(modules=links)]
    for group, names in PUBLIC.items():
        parts += [f"## {group}", *(PUBLIC_NAME.format(place=PLACES.get(name, f"kazstance.{name}")) for name in names)]
    return "\n\n".join(parts) + "\n"


def modules(name: str) -> list[str]:
    """A module, or the modules of a package, its own first."""
    inner = sorted(path.stem for path in (PACKAGE / name).glob("*.py") if not path.stem.startswith("_"))
    return [f"kazstance.{name}", *(f"kazstance.{name}.{module}" for module in inner)]


def executed_notebook() -> tuple[str, dict[str, bytes]]:
    """The notebook as Markdown with its outputs, and its images by name."""
    notebook = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    ExecutePreprocessor(timeout=600, extra_arguments=["--log-level=ERROR"]).preprocess(
        notebook, {"metadata": {"path": ROOT}}
    )
    page, resources = MarkdownExporter().from_notebook_node(notebook, {"output_files_dir": "images/notebook"})
    return page, resources["outputs"]

"""How a dataset is cited: as text, BibTeX, CITATION.cff and Zenodo's metadata, all from its manifest."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from kazstance.errors import KazstanceError
from kazstance.output.plain_json import to_json
from kazstance.schema.manifest import Manifest
from kazstance.schema.publication import Publication

LATEX: Final = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
MESSAGE: Final = "If you use this dataset, please cite it as below."


class Style(StrEnum):
    """How a citation is written."""

    text = "text"
    bibtex = "bibtex"
    cff = "cff"
    zenodo = "zenodo"


def cite(found: Manifest, style: Style = Style.text) -> str:
    """How to cite a dataset.

    Raises:
        KazstanceError: its corpus does not say who made it, or when.
    """
    makers: dict[Style, Callable[[Manifest], str]] = {
        Style.text: _text,
        Style.bibtex: bibtex,
        Style.cff: citation_cff,
        Style.zenodo: zenodo_json,
    }
    return makers[style](found)


def bibtex(found: Manifest) -> str:
    """A BibTeX entry. The type is `misc`, since plain BibTeX has none for datasets."""
    said, day = _said(found)
    lines = {
        "author": " and ".join(_latex(name) if _is_person(name) else f"{{{_latex(name)}}}" for name in said.authors),
        "title": f"{{{_latex(found.title)}}}",
        "year": day[:4],
        "month": str(int(day[5:7])),
        "version": found.version,
        "note": f"Data set, digest {found.digest[:12]}",
        "doi": said.doi,
        "url": address(said),
    }
    fields = [f"  {key} = {{{value}}}" for key, value in lines.items() if value]
    return ",\n".join([f"@misc{{{found.id}_{found.version.replace('.', '_')}", *fields]) + "\n}\n"


def citation_cff(found: Manifest) -> str:
    """The file CITATION.cff, after the Citation File Format 1.2.0."""
    import yaml  # noqa: PLC0415  # the other styles do without

    said, day = _said(found)
    content = {
        "cff-version": "1.2.0",
        "message": MESSAGE,
        "type": "dataset",
        "title": found.title,
        "abstract": said.abstract,
        "authors": [_cff_author(name) for name in said.authors],
        "version": found.version,
        "date-released": day,
        "license": found.license,
        "keywords": list(said.keywords),
        "repository": said.repository,
        "doi": said.doi,
    }
    present = {key: value for key, value in content.items() if value}
    return yaml.safe_dump(present, sort_keys=False, allow_unicode=True, width=100)


def zenodo_json(found: Manifest) -> str:
    """The file .zenodo.json: metadata that Zenodo takes for a deposit of the type dataset."""
    said, day = _said(found)
    content = {
        "upload_type": "dataset",
        "title": found.title,
        "description": said.abstract or found.event,
        "creators": [{"name": name} for name in said.authors],
        "version": found.version,
        "publication_date": day,
        "access_right": "open",
        "license": {"id": found.license},
        "keywords": list(said.keywords),
    }
    return to_json({key: value for key, value in content.items() if value}) + "\n"


def address(said: Publication) -> str | None:
    """Where a dataset is found for good: its DOI, else its repository, else nowhere."""
    return f"https://doi.org/{said.doi}" if said.doi else said.repository


def is_citable(found: Manifest) -> bool:
    """Whether it is said who made a dataset, and when."""
    return bool(found.publication.authors and found.publication.released)


def _said(found: Manifest) -> tuple[Publication, str]:
    """What is said about the publication, and the day as YYYY-MM-DD."""
    said = found.publication
    if not said.authors or said.released is None:
        raise KazstanceError(
            f"{found.id}: no authors or no day of release; expected both under [corpus.publication] in sources.toml"
        )
    return said, said.released.isoformat()


def _text(found: Manifest) -> str:
    """A citation as APA has it for data sets, with the digest that tells which rows are meant."""
    said, day = _said(found)
    authors = " & ".join(said.authors)
    where = f" {place}" if (place := address(said)) else ""
    title = f"{found.title} (version {found.version}) [Data set]"
    return f"{authors} ({day[:4]}). {title}. Digest {found.digest[:12]}.{where}\n"


def _is_person(name: str) -> bool:
    return "," in name


def _cff_author(name: str) -> dict[str, Any]:
    if not _is_person(name):
        return {"name": name}
    family, _, given = name.partition(",")
    return {"family-names": family.strip(), "given-names": given.strip()}


def _latex(text: str) -> str:
    """A text in one line, whose signs mean themselves in LaTeX."""
    return re.sub(r"[\\&%$#_{}~^]", lambda sign: LATEX[sign[0]], " ".join(text.split()))

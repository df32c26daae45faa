"""How a dataset is cited: as text, BibTeX, CITATION.cff and Zenodo's metadata, all from its manifest."""

import re
from collections.abc import Callable
from enum import StrEnum
from html import escape
from typing import Any, Final
from urllib.parse import quote

from kazstance.errors import KazstanceError
from kazstance.output.characters import ACTIVE, safe, safe_line
from kazstance.output.plain_json import to_json
from kazstance.output.plain_yaml import to_yaml
from kazstance.schema.manifest import Manifest
from kazstance.schema.publication import Publication

LATEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
"""Special characters of LaTeX. BibTeX counts even escaped braces, so the text must not contain any."""
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
        KazstanceError: its corpus does not state who made it, or when.
    """
    makers: dict[Style, Callable[[Manifest], str]] = {
        Style.text: _text,
        Style.bibtex: bibtex,
        Style.cff: citation_cff,
        Style.zenodo: zenodo_json,
    }
    return makers[style](found)


def bibtex(found: Manifest) -> str:
    """A BibTeX entry, of the type `misc`, since plain BibTeX has no type for datasets."""
    said, day = _said(found)
    lines = {
        "author": " and ".join(map(_bibtex_author, said.authors)),
        "title": f"{{{_latex(found.title)}}}",
        "year": day[:4],
        "month": str(int(day[5:7])),
        "version": _latex(found.version),
        "note": f"Data set, digest {found.digest[:12]}",
        "doi": said.doi and _encoded(said.doi),
        "url": _encoded(address(said) or ""),
    }
    fields = [f"  {key} = {{{value}}}" for key, value in lines.items() if value]
    key = re.sub(r"\W", "_", f"{found.id}_{found.version}")
    return ",\n".join([f"@misc{{{key}", *fields]) + "\n}\n"


def citation_cff(found: Manifest) -> str:
    """The file CITATION.cff, in the Citation File Format 1.2.0."""
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
    return to_yaml(present, width=100)


def zenodo_json(found: Manifest) -> str:
    """The file .zenodo.json: metadata for depositing a dataset on Zenodo."""
    said, day = _said(found)
    content = {
        "upload_type": "dataset",
        "title": found.title,
        "description": escape(said.abstract or found.event, quote=False),  # Zenodo expects HTML
        "creators": [{"name": name} for name in said.authors],
        "version": found.version,
        "publication_date": day,
        "access_right": "open",
        "license": {"id": found.license},
        "keywords": list(said.keywords),
    }
    return to_json({key: value for key, value in content.items() if value}) + "\n"


def address(said: Publication) -> str | None:
    """The permanent address of a dataset: its DOI, else its repository, else None."""
    return f"https://doi.org/{said.doi}" if said.doi else said.repository


def is_citable(found: Manifest) -> bool:
    """Whether the manifest states who made the dataset, and when."""
    return bool(found.publication.authors and found.publication.released)


def _said(found: Manifest) -> tuple[Publication, str]:
    """The metadata of the publication, and its date as YYYY-MM-DD."""
    said = found.publication
    if not said.authors or said.released is None:
        raise KazstanceError(
            f"{found.id}: no authors or no release date; expected both under [corpus.publication] in sources.toml"
        )
    return said, said.released.isoformat()


def _text(found: Manifest) -> str:
    """A citation in APA style for datasets, with the digest that identifies the rows."""
    said, day = _said(found)
    authors = " & ".join(said.authors)
    where = f" {place}" if (place := address(said)) else ""
    title = f"{found.title} (version {found.version}) [Data set]"
    return safe_line(f"{authors} ({day[:4]}). {title}. Digest {found.digest[:12]}.{where}") + "\n"


def is_person(name: str) -> bool:
    """Whether an author is a person, written `Family, Given`, rather than an organization."""
    return "," in name


def _cff_author(name: str) -> dict[str, Any]:
    if not is_person(name):
        return {"name": name}
    family, _, given = name.partition(",")
    return {"family-names": family.strip(), "given-names": given.strip()}


def _bibtex_author(name: str) -> str:
    """An author, in braces if it is an organization or if BibTeX would split the name into two authors."""
    text = _latex(name)
    return text if is_person(name) and not re.search(r"\band\b", text, re.IGNORECASE) else f"{{{text}}}"


def _latex(text: str) -> str:
    """A text in one line, with the special characters of LaTeX escaped."""
    return re.sub(r"[\\&%$#_{}~^]", lambda sign: LATEX[sign[0]], safe(" ".join(text.split())))


def _encoded(text: str) -> str:
    """An address or DOI with braces, backslashes and invisible characters percent-encoded."""
    return re.sub(r"[{}\\]", lambda sign: f"%{ord(sign[0]):02X}", ACTIVE.sub(lambda sign: quote(sign[0]), text))

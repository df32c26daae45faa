"""A new corpus folder, in which every file is valid and says what it is for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

import tomlkit

from kazstance.corpus.additions import Added, Stated, add_target, add_texts
from kazstance.corpus.documents import SOURCES
from kazstance.corpus.editing import encoded
from kazstance.corpus.inputs import TargetInput
from kazstance.corpus.read import ANNOTATORS, CODEBOOK, TARGETS, UNITS, read
from kazstance.errors import KazstanceError
from kazstance.output.folders import creating
from kazstance.output.markdown import code, plain
from kazstance.paths import StrPath
from kazstance.schema.ids import make_id
from kazstance.schema.labels import TargetKind

README: Final = "README.md"
FILES: Final = {name.rpartition("/")[2]: name for name in (SOURCES, TARGETS, ANNOTATORS, CODEBOOK, README)}
"""The files of a new corpus by the name of their template."""
SAMPLES: Final = {
    "traders": """Keep the square open

The council wants to close the market square to cars. We ask it to think again. Shops lose customers.

"My mother cannot walk that far," says the owner of the bakery.
""",
    "residents": """A square for everybody

Close the square to cars, and do it this summer! Children play there every day. In other towns, trade did not suffer.

The council counted 4,100 cars on the square last Tuesday.
""",
}
"""Two made-up texts by source."""
SAMPLE_TARGETS: Final = (
    TargetInput(
        id="closing",
        name="closing the market square to cars",
        kind=TargetKind.issue,
        definition="The plan of the council, in whole or in part, and at any time.",
    ),
    TargetInput(
        id="lost_trade",
        name="shops lose customers when a square is closed to cars",
        kind=TargetKind.claim,
        definition="That shops on such a square sell less than before, here or in other towns.",
    ),
)


ENGLISH: Final = Stated("en")
CURATED: Final = """source_id,raw,action,value,reason
traders,Keep the square open,kind,title,the title of the text
residents,A square for everybody,kind,title,the title of the text
"""
"""What the made-up texts need: units that are marked by their words."""


@dataclass(frozen=True)
class NewCorpus:
    """What a new corpus folder is to hold."""

    title: str
    id: str | None = None
    event: str | None = None
    license: str = "other"
    texts: Sequence[StrPath] = ()
    """The texts; none for two made-up ones."""
    stated: Stated = ENGLISH
    targets: Sequence[str] = ()
    """The names of issues; none for those of the made-up texts."""
    encoding: str = "utf-8"


def new_corpus(out: StrPath, new: NewCorpus) -> list[Added]:
    """Create a corpus folder, and return the texts in it.

    Args:
        out: the folder, new or empty.
        new: what it is to hold.

    Raises:
        InputError: something that is stated is wrong.
        KazstanceError: the folder has other content, or a text cannot be read.
        MissingExtraError: the package that reads a text is not installed.
    """
    if new.texts and not new.targets:
        raise KazstanceError("texts without a target; pass --target NAME for each issue that they are judged on")
    with creating(out) as folder:
        targets = _targets(new)
        for name, content in _pages(new, Path(out).name, targets).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(encoded(content, name))
        for target in targets:
            add_target(folder, target)
        added = add_texts(folder, list(new.texts) or _samples(folder), new.stated, encoding=new.encoding)
        read(folder)
    return added


def _targets(new: NewCorpus) -> Sequence[TargetInput]:
    """The targets, with ids made from their names."""
    if not new.targets:
        return SAMPLE_TARGETS
    ids: list[str] = []
    for name in new.targets:
        ids.append(make_id(name, ids))
    return [TargetInput(id=one, name=name) for one, name in zip(ids, new.targets, strict=True)]


def _samples(folder: Path) -> list[Path]:
    """The made-up texts, as files of the folder."""
    for name, text in SAMPLES.items():
        file = folder / "texts" / f"{name}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    return [folder / "texts" / f"{name}.txt" for name in SAMPLES]


def _pages(new: NewCorpus, folder: str, targets: Sequence[TargetInput]) -> dict[str, str]:
    """The files of the folder except the texts, from their templates."""
    name = new.id or make_id(new.title)
    given = {"id": name, "title": new.title, "event": new.event or new.title, "license": new.license}
    values = {key: tomlkit.string(value).as_string() for key, value in given.items()}
    values |= {"heading": plain(new.title), "folder": folder}
    template = files("kazstance.corpus") / "template"
    pages = {
        path: Template((template / file).read_text(encoding="utf-8")).substitute(values) for file, path in FILES.items()
    }
    curated = CURATED if not new.texts else CURATED.partition("\n")[0] + "\n"
    return {**pages, CODEBOOK: pages[CODEBOOK] + "".join(_sections(targets)), UNITS: curated}


def _sections(targets: Sequence[TargetInput]) -> Iterator[str]:
    """The skeleton of the codebook: a section for each target."""
    for target in targets:
        about = target.definition or "What belongs to it, and what does not:"
        examples = "- `favor`, for example:\n- `against`, for example:\n"
        yield f"\n### {plain(target.name)} ({code(target.id)})\n\n{plain(about)}\n\n{examples}"

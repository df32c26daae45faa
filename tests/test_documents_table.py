"""Documents in one table: in each of its forms they give what text files give, and every fault is named by its place."""

import csv
import hashlib
import json
import re
import shutil
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kazstance as ks
from kazstance.corpus.build import build
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import CorpusWarning, InputError, KazstanceError
from tests.conftest import quiet
from tests.corpora import Made, ids_of, put

TARGETS = [{"id": "toll", "name": "the toll"}]
FORMS = ("csv", "jsonl", "parquet")
TEXTS = {
    "guild": "The toll is fair. It pays for the quay.\n\nNobody likes it.",
    "guild/2015": "A quay costs money.\r\nThe toll pays for it.",
    "guild/2016": '"Fair," they say, but it is not.\nA second line.',
    "press/first": "\ufeffThe strike began. The council met.",
}


def as_rows(texts):
    return [{"document_id": name, "source_id": name.split("/")[0], "text": text} for name, text in texts.items()]


def moved(folder: Path, rows, form) -> Path:
    """The corpus with its documents in a table instead of in files."""
    shutil.rmtree(folder / "texts")
    (folder / "SHA256SUMS").unlink()
    return put(folder, rows, form)


def made(texts, **others) -> Made:
    asked = {name: {"toll": "favor" if i % 2 else None} for i, name in enumerate(ids_of(texts))}
    return Made(texts, {"ada": asked}, TARGETS, **others)


def problems(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder)
    return list(map(str, caught.value.problems))


@pytest.mark.parametrize("form", FORMS)
def test_a_table_gives_the_dataset_that_files_give(tmp_path, form):
    """All digests of rows are the same; only the inputs differ."""
    texts = {name: text.removeprefix("\ufeff").replace("\r", "") for name, text in TEXTS.items()}
    folder = made(texts).write(tmp_path / "corpus")
    outs = [tmp_path / "files", tmp_path / "table"]
    for out in outs:
        out.mkdir()
    from_files = build(folder, outs[0], quiet)
    from_table = build(moved(folder, list(reversed(as_rows(texts))), form), outs[1], quiet)
    assert from_table.digest == from_files.digest
    content = (folder / f"documents.{form}").read_bytes()
    assert from_table.inputs[f"documents.{form}"] == hashlib.sha256(content).hexdigest()
    assert not any(name.startswith("texts/") for name in from_table.inputs)
    assert check(DatasetFolder(outs[1])).problems == ()
    assert {row.document_id: row.raw_sha256 for row in ks.open(outs[1]).documents} == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()
    }


@pytest.mark.parametrize("form", FORMS)
def test_texts_are_kept_character_by_character(tmp_path, form):
    folder = moved(made(TEXTS).write(tmp_path), as_rows(TEXTS), form)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        corpus = read(folder)
    assert corpus.texts == TEXTS
    for sentence in segment(corpus)[0]:
        assert TEXTS[sentence.document_id][sentence.raw_start : sentence.raw_end] == sentence.text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), st.sampled_from(FORMS))
def test_any_text_survives_any_form(tmp_path_factory, text, form):
    folder = made({"guild": "x."}).write(tmp_path_factory.mktemp("any"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        assert read(moved(folder, as_rows({"guild": f"x {text}"}), form)).texts == {"guild": f"x {text}"}


@pytest.mark.parametrize("form", FORMS)
def test_columns_of_ones_own_are_attributes_and_the_rest_is_of_the_document(tmp_path, form):
    row = {"name": "2015", "source": "guild", "text": "The toll is fair.", "title": "On the toll", "date": "2015-03",
           "language": "en-GB", "rights": "the guild", "url": "https://guild.example/1", "leader": "Ann", "seats": 7}  # fmt: skip
    folder = moved(made({"guild": "The toll is fair."}).write(tmp_path / "corpus"), [row], form)
    (folder / "annotations/ada.jsonl").write_text("")
    (tmp_path / "out").mkdir()
    with pytest.warns(CorpusWarning, match="is empty"):
        build(folder, tmp_path / "out", quiet)
    (found,) = ks.open(tmp_path / "out").documents
    said = {"document_id": "guild/2015", "title": "On the toll", "date": "2015-03", "year": 2015, "language": "en-GB",
            "rights": "the guild", "url": "https://guild.example/1", "leader": "Ann"}  # fmt: skip
    assert {name: getattr(found, name) for name in said} == said
    assert found.seats == ("7" if form == "csv" else 7)


@pytest.mark.parametrize("form", FORMS)
def test_a_new_document_changes_no_earlier_id(tmp_path, form):
    folder = moved(made({"guild": "x."}).write(tmp_path), as_rows({"guild/b": "One. Two.", "guild/d": "Three."}), form)
    before = segment(read(folder))[0]
    put(folder, as_rows({"guild/a": "New.", "guild/b": "One. Two.", "guild/c": "New, too.", "guild/d": "Three."}), form)
    after = segment(read(folder))[0]
    assert [unit for unit in after if unit.document_id in ("guild/b", "guild/d")] == before


def test_files_and_a_table_may_be_mixed_if_no_id_collides(tmp_path):
    folder = made({"guild": "The toll.", "guild/a": "A text."}).write(tmp_path)
    put(folder, as_rows({"guild/b": "B text.", "guild/0": "Zero."}), "jsonl")
    assert [document.document_id for document in read(folder).documents] == ["guild", "guild/0", "guild/a", "guild/b"]
    put(folder, as_rows({"guild/b": "B text.", "guild/A": "Again."}), "jsonl")
    assert problems(folder) == [
        "documents.jsonl:2: document_id: 'guild/A' is also the document in texts/guild/a.txt, expected each id once"
    ]


def test_frames_that_pandas_writes_are_read_as_they_are(tmp_path):
    frame = pd.DataFrame(
        {"source": ["guild", "guild"], "name": [1, 2], "text": ["One.", "Two."], "votes": [3.5, None],
         "date": pd.to_datetime(["2015-03-02", None])}, index=[7, 9],
    )  # fmt: skip
    folder = moved(made({"guild": "x."}).write(tmp_path), [], "jsonl")
    (folder / "documents.jsonl").unlink()
    frame.to_parquet(folder / "documents.parquet")
    found = [row.given for row in read(folder).documents]
    assert [row.document_id for row in found] == ["guild/1", "guild/2"]
    assert [row.attributes for row in found] == [{"votes": 3.5}, {}]
    assert [row.date for row in found] == ["2015-03-02", None]


def test_a_cell_may_be_longer_than_the_csv_module_allows_by_default(tmp_path):
    text = "A sentence of a long text. " * 20_000
    folder = moved(made({"guild": "x."}).write(tmp_path), as_rows({"guild": text}), "csv")
    before = csv.field_size_limit()
    assert read(folder).texts["guild"] == text
    assert csv.field_size_limit() == before


GOOD = {"document_id": "guild/a", "source_id": "guild", "text": "A text.\nOf two lines."}
WRONG = {
    "an unknown source": ({"source_id": "gild"}, "source_id: 'gild' is not in sources.toml; .* did you mean guild"),
    "an id that is a path": ({"document_id": "../a"}, "document_id: .*is not an id; expected source or source/name"),
    "an id in decomposed form": ({"document_id": "guild/Ande\u0301"}, "document_id: .* is not in Unicode normal form C"),
    "an empty text": ({"text": " \n"}, "text: guild/b: the text is empty"),
    "a page": ({"text": "<html><body>A</body>"}, "text: guild/b, line 1: this looks like HTML"),
    "a date": ({"date": "last May"}, "date: 'last May' is not a date"),
    "a language": ({"language": "English!"}, "language: "),
    "a doubled id": ({"document_id": "guild/A"}, "document_id: 'guild/A' also appears on line \\d, expected once"),
    "another year than the date": ({"date": "2016-03", "year": 2015}, "year: '2015', but the date is '2016-03'"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", WRONG)
def test_a_fault_is_named_by_file_line_and_field(tmp_path, kind, form):
    change, message = WRONG[kind]
    rows = [GOOD, GOOD | {"document_id": "guild/b"} | change]
    folder = moved(made({"guild": "x."}).write(tmp_path), rows, form)
    line = {"csv": 4, "jsonl": 2, "parquet": 2}[form]
    (found,) = problems(folder)

    assert re.match(rf"documents\.{form}:{line}: {message}", found), found


@pytest.mark.parametrize("form", FORMS)
def test_a_name_of_a_column_is_no_attribute_and_named_once(tmp_path, form):
    rows = [GOOD | {"raw_sha256": "0"}, GOOD | {"document_id": "b"}]
    (found,) = problems(moved(made({"guild": "x."}).write(tmp_path), rows, form))
    field = "attributes: " if form == "jsonl" else ""
    assert found.startswith(f"documents.{form}:1: {field}'raw_sha256' is already the name of a column")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("stated", "kept"),
    [({"year": 2015}, "2015"), ({"year": 2015.0}, "2015"), ({"year": 2015, "date": "2015-03"}, "2015-03")],
)
def test_a_year_is_a_date(tmp_path, form, stated, kept):
    if form == "csv":
        stated = {name: str(value).removesuffix(".0") for name, value in stated.items()}
    (row,) = read(moved(made({"guild": "x."}).write(tmp_path), [GOOD | stated], form)).documents
    assert row.given.date == kept


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("csv", b"document_id;source_id;text\na;guild;x\n", "documents.csv:1: document_id: no such column"),
        ("csv", b"name,source,text\na,guild\n", "documents.csv:2: 2 columns, expected 3"),
        ("csv", b'name,source,text\na,guild,"x\n', "documents.csv:"),
        ("csv", b"name,source,text,text\na,guild,x,y\n", "documents.csv:1: text: appears twice"),
        ("csv", b"name,document_id,source,text\na,a,guild,x\n", "documents.csv:1: document_id: appears twice"),
        ("csv", b"", "documents.csv:1: document_id: no such column"),
        ("csv", b"name,source,text\na,guild,\xe9t\xe9\n", "documents.csv:2: byte 0xe9"),
        ("jsonl", b'{"name": "a", "source": "guild"}\n', "documents.jsonl:1: text: missing"),
        ("jsonl", b"[1]\n", "documents.jsonl:1: an array, expected an object"),
        ("jsonl", b'{"name": "a", "source": "guild", "text": 5}\n', "documents.jsonl:1: text: 5, Input should be"),
        ("jsonl", b'{"name": "a", "source": "guild", "text": "x", "b": [1]}\n', "documents.jsonl:1: attributes.b: "),
        ("parquet", b"PAR1 no", "documents.parquet: "),
        ("parquet", b"", "documents.parquet: "),
    ],
)
def test_a_damaged_table_is_one_line_and_no_traceback(tmp_path, file, content, message):
    folder = moved(made({"guild": "x."}).write(tmp_path), [], "jsonl")
    (folder / "documents.jsonl").unlink()
    (folder / f"documents.{file}").write_bytes(content)
    assert problems(folder)[0].startswith(message)


def test_two_tables_are_refused(tmp_path):
    folder = moved(made({"guild": "x."}).write(tmp_path), as_rows({"guild": "x."}), "jsonl")
    put(folder, as_rows({"guild": "x."}), "csv")
    assert problems(folder) == ["documents.csv: there is also documents.jsonl; expected the table in one form only"]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    folder = moved(made({"guild": "x."}).write(tmp_path / "corpus"), [], "jsonl")
    (tmp_path / "secret.jsonl").write_text(json.dumps(GOOD))
    (folder / "documents.jsonl").unlink()
    (folder / "documents.jsonl").symlink_to(tmp_path / "secret.jsonl")
    assert "leads outside the corpus folder" in problems(folder)[0]


def test_the_digest_of_the_table_is_checked_if_it_is_listed(tmp_path):
    folder = moved(made({"guild": "x."}).write(tmp_path), as_rows({"guild": "x."}), "csv")
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  documents.csv\n")
    assert problems(folder)[0].startswith("SHA256SUMS:1: documents.csv: the file's digest is")


def test_a_document_is_described_in_one_place(tmp_path):
    others = {"guild": '[[source.document]]\nname = "a"\ntitle = "A"\n'}
    folder = moved(made({"guild": "x."}, sources=others).write(tmp_path), as_rows({"guild/a": "x."}), "jsonl")
    assert problems(folder) == [
        "sources.toml:8: document: 'a' is also described on line 1 of documents.jsonl, expected once"
    ]


# ---- given units -------------------------------------------------------------------------------------------------------

SPOKEN = "Dr. A. spoke:\nno. Then  she\nleft! Yes"
UNITS = ["Dr. A. spoke:\nno.", "Then  she left!", "Yes"]
SPANS = [(0, 17), (18, 33), (34, 37)]
GIVEN = {"header": 'segmenter = "given"\n'}


def with_units(folder: Path, form, units, text=SPOKEN) -> Path:
    corpus = made({"guild": "x."}, **GIVEN).write(folder)
    if form != "file":
        return moved(corpus, [as_rows({"guild/a": text})[0] | {"units": units}], form)
    shutil.rmtree(corpus / "texts")
    (corpus / "texts/guild").mkdir(parents=True)
    (corpus / "texts/guild/a.txt").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    (corpus / "SHA256SUMS").write_text(f"{digest}  texts/guild/a.txt\n")
    lines = "".join(f"{unit['start']},{unit['end']}\n" for unit in units)
    (corpus / "texts/guild/a.units.csv").write_text(f"start,end\n{lines}")
    return corpus


@pytest.mark.parametrize(
    ("form", "kind"), [*((form, kind) for form in FORMS for kind in ("texts", "spans")), ("file", "spans")]
)
def test_units_are_those_that_were_given(tmp_path, form, kind):
    units = UNITS if kind == "texts" else [{"start": start, "end": end} for start, end in SPANS]
    found, faults = segment(read(with_units(tmp_path, form, units)))
    assert faults == []
    assert [(unit.raw_start, unit.raw_end) for unit in found] == SPANS
    assert [unit.sentence_id for unit in found] == ["guild/a/1/1", "guild/a/2/1", "guild/a/3/1"]
    assert all(SPOKEN[unit.raw_start : unit.raw_end] == unit.text for unit in found)


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (UNITS[:2], "line 3: 'Yes' at 34 is in no unit; the last, 2, ends before"),
        (UNITS[1:], "line 1: unit 1 is not at 0, where the text has 'Dr. A. spoke:.*"),
        ([UNITS[0], "Then she came!", "Yes"], "line 2: unit 2 is not at 18, where the text has 'Then  she.*"),
        ([*UNITS, "No"], "line 3: unit 4 is not at 37, .*"),
        ([UNITS[0], " ", *UNITS[1:]], "line 2: unit 2 is blank; .*"),
        ([{"start": 0, "end": 20}, {"start": 18, "end": 37}], "line 2: unit 2 begins at 18, but the one before it .*"),
        ([{"start": 0, "end": 17}, {"start": 19, "end": 37}], "line 2: unit 2 is not at 18, .*"),
        ([{"start": 0, "end": 99}], "line 1: unit 1 ends at 99, but the text has 37 characters; .*"),
        ([{"start": 5, "end": 5}, {"start": 0, "end": 37}], "line 1: unit 1 is .*"),
        ([], "line 1: 'Dr. A..* at 0 is in no unit; .*"),
    ],
)
def test_units_that_do_not_match_are_named_by_document_and_first_place(tmp_path, units, message):

    (found,) = problems(with_units(tmp_path, "jsonl", units))
    assert re.match(rf"documents.jsonl:1: text: guild/a, {message}", found, re.DOTALL), found


def test_a_document_without_units_is_refused_and_units_that_nothing_asks_for_are_noted(tmp_path):
    folder = moved(made({"guild": "x."}, **GIVEN).write(tmp_path), as_rows({"guild/a": "x."}), "jsonl")
    assert "guild/a: no units, expected a column `units`" in problems(folder)[0]
    put(folder, [as_rows({"guild/a": "x."})[0] | {"units": ["x."]}], "jsonl")
    sources = (folder / "sources.toml").read_text()
    (folder / "sources.toml").write_text(sources.replace('segmenter = "given"\n', ""))
    with pytest.warns(CorpusWarning, match="the units of guild/a are not read"):
        read(folder)


@given(
    st.lists(st.text("ab. \n\u00e9\u4e2d", min_size=1, max_size=9).filter(str.strip), min_size=1, max_size=9), st.data()
)
def test_any_partition_of_a_text_holds_in_its_raw_offsets(tmp_path_factory, parts, data):
    text = "".join(part + data.draw(st.sampled_from(["", " ", "\n", " \n\n"])) for part in parts)
    folder = with_units(tmp_path_factory.mktemp("parts"), "jsonl", parts, text)
    found, faults = segment(read(folder))
    assert faults == []
    assert [unit.text for unit in found] == [text[unit.raw_start : unit.raw_end] for unit in found]
    assert ["".join(unit.text.split()) for unit in found] == ["".join(part.split()) for part in parts]


def test_given_units_hold_when_the_text_is_repaired(tmp_path):
    text = "The toll1 is fair. It  pays."
    folder = with_units(tmp_path, "jsonl", ["The toll1 is", "fair. It pays."], text)
    (folder / "curation").mkdir()
    (folder / "curation/repairs.csv").write_text(
        "source_id,raw_start,raw_end,raw,replacement,kind,reason\nguild/a,8,9,1,,footnote_mark,mark\n"
    )
    found, faults = segment(read(folder))
    assert faults == []
    assert [unit.text for unit in found] == ["The toll is", "fair. It  pays."]
    assert [(unit.raw_start, unit.raw_end) for unit in found] == [(0, 12), (13, 28)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_parquet_file_is_a_traceback(tmp_path_factory, data):
    folder = with_units(tmp_path_factory.mktemp("damaged"), "parquet", UNITS)
    content = bytearray((folder / "documents.parquet").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "documents.parquet").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = read(folder)
        except KazstanceError as error:
            assert str(error)  # noqa: PT017  # either outcome is right
        else:
            assert found.documents

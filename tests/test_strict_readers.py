"""Readers of users' files accept what is valid and name what is not, for any bytes."""

import hashlib
import json
import math
import re
import shutil
import tomllib
import unicodedata
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance
from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.corpus.build import build
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.errors import CorpusWarning, InputError, KazstanceError
from kazstance.input.json_lines import LinesError, read_json_lines
from kazstance.input.strict_json import StrictError, load_json, load_object
from kazstance.input.strict_toml import load_toml
from kazstance.input.tables import read_table
from tests.commands import messages, run
from tests.copies import find_copies

INTEGERS = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)
DEEP = 20_000


def refused(read, *args) -> str:
    with pytest.raises(StrictError) as caught:
        read(*args)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


# JSON


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_valid_json_is_read_as_the_standard_library_reads_it(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert load_json(text) == json.loads(text)


@given(st.text() | VALUES.map(json.dumps).flatmap(lambda text: st.integers(0, len(text)).map(lambda n: text[:n])))
def test_whatever_is_read_as_json_is_what_the_standard_library_reads(text):
    try:
        value = load_json(text)
    except StrictError:
        return
    assert value == json.loads(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"label": "favor", "label": "against"}', "'label' appears twice"),
        ('{"x": {"a": 1, "b": 2, "a": 1}}', "'a' appears twice"),
        ('{"x": ' + "[" * DEEP + "]" * DEEP + "}", "64 levels"),
        ('{"x":' * DEEP + "1" + "}" * DEEP, "64 levels"),
        ("[" * DEEP, "64 levels"),
        ('{"x": 9223372036854775808}', "64 bits"),
        ('{"x": -9223372036854775809}', "64 bits"),
        ('{"x": ' + "9" * 5000 + "}", "5000 digits"),
        ('{"x": NaN}', "NaN"),
        ('{"x": -Infinity}', "Infinity"),
        ('{"x": 1e999}', "1e999"),
        ('{"x": "\\ud800"}', "surrogate"),
        ('{"\\udc00": 1}', "surrogate"),
        ('{"x": "\t"}', "expected JSON"),
        ("{'x': 1}", "expected JSON"),
        ('{"x": 1,}', "expected JSON"),
        ("", "expected JSON"),
    ],
)
def test_what_json_may_not_be_is_refused_in_one_line(text, expected):
    assert expected in refused(load_json, text)


@pytest.mark.parametrize("depth", [63, 64])
def test_brackets_within_strings_are_no_depth(depth):
    text = '["' + "[{" * DEEP + '\\"[[", ' + "[" * (depth - 1) + "]" * (depth - 1) + "]"
    assert load_json(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("null", "null"),
        ("[1]", "an array"),
        ("5", "5"),
        ('"x"', '"x"'),
        ("true", "true"),
        ('"' + "x" * 999 + '"', "a string"),
    ],
)
def test_what_is_not_an_object_is_named(text, found):
    assert refused(load_object, text) == f"{found}, expected an object"


# TOML


def toml(value) -> str:
    """A value as TOML: tables inline, strings with the escapes that TOML shares with JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


TOML = st.recursive(
    st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@pytest.mark.full
@given(st.dictionaries(st.text(), TOML, max_size=5))
def test_valid_toml_is_read_as_the_standard_library_reads_it(tables):
    text = "".join(f"{toml(key)} = {toml(value)} # [[[ a.b.c\n" for key, value in tables.items())
    assert load_toml(text) == tomllib.loads(text)


@given(st.text(alphabet="ab.[]{}=\"'#\n\\ 19,-+_TZ:é"))
def test_whatever_is_read_as_toml_is_what_the_standard_library_reads(text):
    try:
        tables = load_toml(text)
    except StrictError:
        return
    assert tables == tomllib.loads(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fold = " + "[" * 50_000, "64 levels"),
        ("fold = " + "{a=" * 50_000, "64 levels"),
        ("fold." + ".".join(["a"] * DEEP) + " = 1", "64 levels"),
        ("[" + ".".join(["a"] * DEEP) + "]", "64 levels"),
        ("x = " + "9" * 5000, "expected TOML"),
        ("x = 9223372036854775808", "64 bits"),
        ("x = 1000000000000000000000000000000", "64 bits"),
        ("x = 0x" + "f" * 5000, "64 bits"),
        ("[a]\nx = 1\nx = 2", "expected TOML"),
        ("[a]\n[a]", "expected TOML"),
        ("x = 'a", "expected TOML"),
        ("x", "expected TOML"),
    ],
)
def test_what_toml_may_not_be_is_refused_in_one_line(text, expected):
    assert expected in refused(load_toml, text)


def test_dots_and_brackets_in_strings_comments_and_numbers_are_no_depth():
    row = "[" + ", ".join(["1.5"] * 200) + "]"
    text = f'''a = """{"[" * 200} " "" {"a." * 200}"""\nb = "{"[{." * 200}\\""\nc = \'{"." * 200}\'\nd = {row} # {"[." * 200}\n'''
    assert load_toml(text) == tomllib.loads(text)


# JSON Lines


ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.text(),
            "n": INTEGERS,
            "p": st.floats(allow_nan=False, allow_infinity=False),
            "é": st.booleans(),
            "x": st.lists(st.text()),
        },
    ),
    min_size=1,
)


@given(ROWS)
def test_lines_are_read_as_the_standard_library_reads_them(rows):
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    table = read_json_lines(content, "x.jsonl")
    expected = [{name: row.get(name) for name in table.column_names} for row in rows]
    assert table.to_pylist() == expected
    assert set(table.column_names) == {name for row in rows for name in row}


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        (b"null\n", 1, "null, expected an object"),
        (b'{"id": "1"}\n\nnull\n', 3, "null, expected an object"),
        (b"[1]\n", 1, "an array, expected an object"),
        (b'{"id": "1", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}\n", 1, "64 levels"),
        (b'{"id": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}\n", 1, "64 levels"),
        (b'{"a": 1}{"a": 2}\n', 1, "expected JSON"),
        (b'{"a": 1,\n"b": 2}\n', 1, "expected JSON"),
        (b'{"a": 1}\n{"a": NaN}\n', 2, "NaN"),
        (b'{"a": 1}\n{"a": 9223372036854775808}\n', 2, "64 bits"),
        (b'{"a": 1, "a": 2}\n', 1, "'a' appears twice"),
        (b'{"a": {"b": 1, "b": 2}}\n', 1, "'b' appears twice"),
        (b'{"a": 1}\n{"a": "x"}\n', 2, "a: a string, expected a number as on line 1"),
        (b'{"a": "\xff"}\n', 1, "expected UTF-8"),
        (b'{"a": "\\ud800"}\n', 1, "surrogate"),
        (b'{"a": 1}\n{"a": 1\n', 2, "expected JSON"),
        (b'{"a": 1}\n{"a": }\n', 2, "expected JSON"),
    ],
)
def test_lines_that_are_not_objects_are_named(tmp_path, content, line, expected):
    file = tmp_path / "x.jsonl"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(file)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"{file}:{line}: ")
    assert expected in first


def test_text_that_looks_like_a_time_or_a_long_number_stays_text():
    content = b'{"id": "2024-01-01", "n": {"at": ["2024-01-01"]}, "t": "12345678901234567890"}\n'
    assert read_json_lines(content, "x").to_pylist() == [json.loads(content)]


def test_a_line_longer_than_a_block_is_read():
    row = {"id": "x" * 3_000_000}
    assert read_json_lines(json.dumps(row).encode(), "x").to_pylist() == [row]


@pytest.mark.parametrize("which", ["gold", "pred"])
@pytest.mark.parametrize("content", ["null\n", '{"id":"1","label":"favor","x":' + "[" * DEEP + "]" * DEEP + "}\n"])
def test_score_is_not_killed_by_a_line(tmp_path, which, content):
    files = {"gold": tmp_path / "g.jsonl", "pred": tmp_path / "p.jsonl"}
    for name, file in files.items():
        file.write_text(content if name == which else '{"id": "1", "label": "favor"}\n')
    done = run("score", "--id", "id", **files)
    assert done.code == 1
    assert done.err.startswith(f"{files[which]}:1: ")
    assert len(done.err.splitlines()) == 1


KINDS = {
    "list": pa.array([["a"], ["b"]]),
    "struct": pa.array([{"a": 1}, {"a": 2}]),
    "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    "bytes": pa.array([b"\xff", b"\xfe"]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("column", ["id", "label", "target", "cluster", "part"])
def test_columns_that_are_not_text_are_named(tmp_path, kind, column):
    from kazstance.input.spelling import spelling
    from kazstance.predictions import Columns, match

    columns = {name: pa.array(["favor", "against"]) for name in ("id", "label", "target", "cluster", "part")}
    file, good = tmp_path / "g.parquet", tmp_path / "p.parquet"
    pa.parquet.write_table(pa.table(columns), good)
    pa.parquet.write_table(pa.table(columns | {column: KINDS[kind]}), file)
    with pytest.raises(KazstanceError, match=rf"g.parquet: {column}: values of type .*, expected text or numbers"):
        match(file, good, Columns(["id"], "label", "label", "target", "cluster", "part"), spelling("kazstance"))


# The files of a corpus


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def add_text(corpus: Path, name: str, content: bytes) -> None:
    """A text with its digest, and a source if there is none."""
    (corpus / "texts" / f"{name}.txt").write_bytes(content)
    sums = [line for line in (corpus / "SHA256SUMS").read_text().splitlines() if f"texts/{name}.txt" not in line]
    sums.append(f"{hashlib.sha256(content).hexdigest()}  texts/{name}.txt")
    (corpus / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    if f'"{name}"' not in (corpus / "sources.toml").read_text(encoding="utf-8"):
        with (corpus / "sources.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[[source]]\nid = "{name}"\nlanguage = "en"\nrights = "public"\n')


def faults(corpus: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        with pytest.raises(InputError) as caught:
            read(corpus)
    return str(caught.value)


def names(corpus: Path) -> None:
    file = corpus / "targets.toml"
    first, second = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("name")][:2]
    edit(file, second, first.upper().replace("NAME =", "name ="))


STOPS = {
    "a table that is misspelt": (
        lambda c: edit(c / "annotations/annotators.toml", "[[annotator]]", "[[annotators]]"),
        r"annotations/annotators.toml:\d+: \[\[annotators\]\]: not a table of this file; .* did you mean \[\[annotator\]\]\?",
    ),
    "a key at the top": (
        lambda c: edit(c / "annotations/annotators.toml", "[[annotator]]", "complet = true\n[[annotator]]"),
        r"annotations/annotators.toml:\d+: complet: not in any table; move it below the heading of one",
    ),
    "a table of another file": (
        lambda c: edit(c / "targets.toml", "[[target]]", "[[source]]\n[[target]]"),
        r"targets.toml:\d+: \[\[source\]\]: not a table of this file",
    ),
    "a table in sources.toml": (
        lambda c: edit(c / "sources.toml", "[corpus]", "[corpsu]\nx = 1\n[corpus]"),
        r"sources.toml:\d+: \[corpsu\]: not a table of this file; .* did you mean \[corpus\]\?",
    ),
    "a field that is misspelt": (
        lambda c: edit(c / "targets.toml", "definition =", "defintion ="),
        r"targets.toml:\d+: defintion: .*unknown field; .* did you mean definition\?",
    ),
    "a key of an adjudication": (
        lambda c: edit(c / "annotations/adjudications.jsonl", '"reason"', '"reasons"'),
        r"annotations/adjudications.jsonl:1: reasons: .*did you mean reason\?",
    ),
    "a key twice": (
        lambda c: edit(c / "annotations/a.jsonl", '"label": "', '"label": "against", "label": "'),
        r"annotations/a.jsonl:\d+: the key 'label' appears twice in an object, expected once",
    ),
    "a text without a source": (
        lambda c: (c / "texts/fourth.txt").write_text("A fourth text."),
        r"texts/fourth.txt: a text without a source",
    ),
    "annotations that are cut off": (
        lambda c: (c / "annotations/a.jsonl").write_bytes((c / "annotations/a.jsonl").read_bytes()[:-20]),
        r"annotations/a.jsonl:\d+: .*; no line ending after it, so the file may be truncated",
    ),
    "two targets with one name": (names, r"targets.toml:\d+: name: .* also appears on line \d+, expected once"),
    "a blank language": (lambda c: edit(c / "sources.toml", 'language = "en"', 'language = " "'), r"language: .*blank"),
    "blank notes": (
        lambda c: edit(c / "sources.toml", 'language = "en"', 'language = "en"\nnotes = "\u200b\u00a0\\t"'),
        r"notes: .*blank",
    ),
    "a fold that is too large": (
        lambda c: edit(c / "targets.toml", "fold = ", "fold = 9223372036854775807"),
        r"targets.toml:\d+: fold: an integer of \d+ bits, expected at most 64 bits",
    ),
    "an empty text": (lambda c: add_text(c, "fourth", b"\xef\xbb\xbf \n"), r"texts/fourth.txt: the text is empty"),
    "nested TOML": (
        lambda c: edit(c / "targets.toml", "fold = ", "fold.a" + ".a" * DEEP + " = 1\nfold = "),
        r"targets.toml:\d+: nested more than 64 levels deep",
    ),
}


@pytest.mark.parametrize("what", STOPS)
def test_what_stops_a_corpus(harbour, what):
    change, expected = STOPS[what]
    change(harbour)
    found = faults(harbour)
    assert any(re.search(expected, line) for line in found.splitlines()), found


@pytest.mark.parametrize("name", ["curation/repairs.csv", "curation/units.csv"])
@pytest.mark.parametrize(
    "header", ['source_id,"raw_start"x,raw_end', '"source_id,raw_start\n', "x" * 200_000, "a\x00b,c"]
)
def test_the_header_of_a_csv_file_is_guarded_as_its_rows_are(harbour, name, header):
    (harbour / name).write_text(header + "\n", newline="")
    found = [line for line in faults(harbour).splitlines() if line.startswith(name)]
    assert len(found) == 1
    assert found[0].startswith(f"{name}:1: ")
    assert len(found[0]) < 600


LINKS = (
    "curation/repairs.csv",
    "annotations/adjudications.jsonl",
    "probes/masks.jsonl",
    "targets.toml",
    "texts/gazette.txt",
)


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("kind", ["loop", "dangling", "folder", "outside"])
def test_broken_links_are_named_and_never_taken_for_absent(harbour, name, kind):
    file = harbour / name
    file.unlink()
    if kind == "folder":
        file.mkdir()
    else:
        file.symlink_to({"loop": file.name, "dangling": "nowhere", "outside": "/etc/hostname"}[kind])
    found = faults(harbour)
    assert {"loop": "itself", "dangling": "nowhere", "folder": "is a folder", "outside": "leads outside"}[kind] in found
    assert name in found


@pytest.mark.parametrize("kind", ["loop", "dangling"])
def test_a_broken_folder_of_optional_files_is_named(harbour, kind):
    shutil.rmtree(harbour / "probes")
    (harbour / "probes").symlink_to({"loop": "probes", "dangling": "nowhere"}[kind])
    assert "probes" in faults(harbour)


@pytest.mark.parametrize("brief", ["briefs/a\\u0000.md", "b" * 300 + ".md"])
def test_a_brief_that_no_file_can_be_is_named(harbour, brief):
    edit(harbour / "annotations/annotators.toml", "briefs/a.md", brief)
    assert "annotations/annotators.toml:" in faults(harbour)


def test_the_text_of_a_source_with_a_problem_is_not_a_text_without_a_source(harbour):
    edit(harbour / "sources.toml", 'language = "en"', 'language = "english"')
    found = faults(harbour)
    assert "language: 'english'" in found
    assert "without a source" not in found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("annotations/extra.jsonl", "annotations/extra.jsonl is not a corpus file and is not read"),
        ("probes/mask.jsonl", "did you mean probes/masks.jsonl?"),
        ("Codebook.md", "did you mean CODEBOOK.md?"),
        ("curation/repair.csv", "did you mean curation/repairs.csv?"),
        ("target.toml", "did you mean targets.toml?"),
    ],
)
def test_files_that_nothing_reads_are_warned_of(harbour, name, expected):
    (harbour / name).write_text("x")
    with pytest.warns(CorpusWarning) as caught:
        read(harbour)
    assert [w for w in caught if expected in str(w.message)]


def test_pages_and_hidden_files_are_no_reason_to_warn(harbour):
    for name in (
        "README.md",
        "LICENSE",
        "LICENSE-DATA",
        ".DS_Store",
        "annotations/.a.jsonl.swp",
        "annotations/briefs/b.md",
    ):
        (harbour / name).write_text("x")
    read(harbour)


@pytest.mark.full
def test_the_command_says_warnings_on_standard_error(harbour, tmp_path):
    (harbour / "probes" / "mask.jsonl").write_text("x")
    done = run("build", corpus=harbour, out=tmp_path / "out")
    assert done.code == 0
    told = "probes/mask.jsonl is not a corpus file and is not read; did you mean probes/masks.jsonl?"
    assert messages(done.err) == [f"warning: {told}"]


# Texts


def docx() -> bytes:
    import io

    with zipfile.ZipFile(content := io.BytesIO(), "w") as file:
        file.writestr("word/document.xml", "<w:document/>")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<!DOCTYPE html><html><body><p>A text.</p></body></html>", "HTML"),
        (b"\xef\xbb\xbf\n <HTML><p>A text.", "HTML"),
        (b"<p>One.</p>\n<p>Two.</p>\n<p>Three.</p>", "HTML"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (docx(), "DOCX"),
        (b"{\\rtf1\\ansi A text.}", "RTF"),
        ("A text.".encode("utf-16"), "UTF-16"),
        ("A text.".encode("utf-16-le"), "UTF-16"),
        ("A text.".encode("utf-32"), "UTF-32"),
        ("He said \u201cno\u201d.".encode("cp1252"), "Windows-1252"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 A text.", "Word"),
    ],
)
def test_other_kinds_of_files_are_recognised_and_the_remedy_is_named(harbour, content, expected):
    add_text(harbour, "fourth", content)
    found = [line for line in faults(harbour).splitlines() if line.startswith("texts/fourth.txt")]
    assert len(found) == 1
    assert expected in found[0]
    assert "UTF-8" in found[0]


def test_a_text_about_html_is_a_text(harbour):
    add_text(harbour, "fourth", b"A page begins with <html> and ends with </html>. 5 < 6.")
    assert "<html>" in read(harbour).texts["fourth"]


def test_a_byte_order_mark_is_no_text_and_offsets_are_those_of_the_file(harbour):
    plain = (harbour / "texts/gazette.txt").read_bytes()
    for name in ("curation/repairs.csv", "curation/units.csv"):  # their offsets are for the text without the mark
        lines = (harbour / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (harbour / name).write_text("".join(line for line in lines if not line.startswith("gazette")), encoding="utf-8")
    add_text(harbour, "gazette", plain)
    without, _ = segment(read(harbour))
    add_text(harbour, "gazette", b"\xef\xbb\xbf" + plain)
    marked, problems = segment(read(harbour))
    assert problems == []
    assert [s.text for s in marked] == [s.text for s in without]
    text = (harbour / "texts/gazette.txt").read_bytes().decode("utf-8")
    first = next(s for s in marked if s.source_id == "gazette")
    assert text[first.raw_start : first.raw_end] == first.text
    with (harbour / "curation/repairs.csv").open("a", encoding="utf-8") as file:
        file.write("gazette,0,1,\ufeff,,space,a mark\n")
    repaired, problems = segment(read(harbour))
    assert problems == []
    assert [s.text for s in repaired] == [s.text for s in marked]


@pytest.mark.parametrize(
    "name", ["sources.toml", "targets.toml", "SHA256SUMS", "annotations/a.jsonl", "annotations/annotators.toml"]
)
def test_a_byte_order_mark_before_other_files_is_passed_over(harbour, name):
    before = read(harbour)
    (harbour / name).write_bytes(b"\xef\xbb\xbf" + (harbour / name).read_bytes())
    assert replace(read(harbour), digests={}) == replace(before, digests={})


def test_a_byte_order_mark_before_lines_of_json_is_passed_over(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"id": 1}\n')
    assert read_table(tmp_path / "x.jsonl").to_pylist() == [{"id": 1}]


COPIES = (
    "Dès l'été, les ouvriers fâchés réclamèrent l'égalité à l'Assemblée.",
    "Tất cả mọi người đều có quyền được bảo vệ trước pháp luật.",
    "모든 인간은 태어날 때부터 자유로우며 존엄과 권리에 있어 동등하다.",
    "The ﬁrst oﬃcial co\u00adoperative of the harbour met on Monday.",
)


@pytest.mark.parametrize("text", COPIES)
@pytest.mark.parametrize("form", ["NFD", "NFKC", "NFKD"])
def test_a_copy_in_another_normal_form_is_a_copy(harbour, text, form):
    sentences, _ = segment(read(harbour))
    one = sentences[0].model_copy(update={"sentence_id": "left/1/1", "text": unicodedata.normalize("NFC", text)})
    other = one.model_copy(update={"sentence_id": "right/1/1", "text": unicodedata.normalize(form, text).upper()})
    assert [(copy.first, copy.second, copy.kind) for copy in find_copies([one, other])] == [
        ("left/1/1", "right/1/1", "equal")
    ]


def test_decomposed_text_is_warned_of(harbour):
    add_text(harbour, "fourth", unicodedata.normalize("NFD", "L'été est là.").encode())
    with pytest.warns(CorpusWarning, match="texts/fourth.txt:1: .*normal form C"):
        read(harbour)


def test_the_shipped_corpus_has_nothing_to_warn_of(root):
    with warnings.catch_warnings(record=True) as caught:
        assert read(root / "raw").sources
    assert caught == []


# Files that annotators return


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[" * DEEP, "64 levels"),
        ('[{"data": {"item": 1, "item": 1}}]', "'item' appears twice"),
        ('[{"data": {"item": ' + "9" * 5000 + "}}]", "5000 digits"),
        ("null", "expected a list of tasks"),
    ],
)
def test_an_export_of_label_studio_cannot_crash_the_import(harbour, tmp_path, content, expected):
    export_sheets(harbour, "ada", tmp_path / "sheets")
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=expected):
        import_answers(harbour, tmp_path / "x.json")


@pytest.mark.parametrize(
    "content", ["{" * DEEP, "null", '{"corpus": 1, "corpus": 2}', '{"seed": ' + "1" * 5000 + "}", "\ufeffx", ""]
)
def test_a_plan_cannot_crash_the_import(harbour, tmp_path, content):
    export_sheets(harbour, "ada", tmp_path / "sheets")
    (tmp_path / "plan.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="plan.json"):
        import_answers(harbour, tmp_path / "sheets/sheet.csv", tmp_path / "plan.json")
    (kept,) = (harbour / "annotations/sheets").iterdir()
    kept.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=kept.name):
        import_answers(harbour, tmp_path / "sheets/sheet.csv")


@pytest.mark.parametrize("kind", ["bytes", "outside"])
def test_a_codebook_has_to_be_a_text_of_the_corpus(harbour, tmp_path, kind):
    if kind == "bytes":
        (harbour / "CODEBOOK.md").write_bytes(b"\xff\xfe\xfa")
    else:
        (harbour / "CODEBOOK.md").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="CODEBOOK.md"):
        export_sheets(harbour, "ada", tmp_path / "sheets")
    assert not (tmp_path / "sheets").exists()


@pytest.mark.parametrize(
    "content", ['{"tables":' * DEEP, '{"tables": {}, "tables": {}}', "null", "[]", "\x00", '{"x": 1e999}']
)
def test_a_manifest_cannot_crash_a_reader(harbour_data, tmp_path, content):
    copy = shutil.copytree(harbour_data, tmp_path / "copy")
    (copy / "manifest.json").write_text(content)
    for reader in (kazstance.manifest, kazstance.verify, kazstance.load, kazstance.table, kazstance.splits):
        with pytest.raises(kazstance.IntegrityError, match=r"manifest.json"):
            reader(data=copy)


@pytest.mark.parametrize(
    "content",
    [
        "{" * DEEP,
        '{"run": {"system": 5, "task": "stance", "protocol": "in_domain", "digest": "x"}}',
        '{"run": []}',
        '{"run": null}',
        "null",
        "\udcff",
    ],
)
def test_the_settings_of_a_run_cannot_crash_a_reader(tmp_path, content):
    from kazstance.bench.record import read_record

    (tmp_path / "run.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(KazstanceError, match=r"run.json.*expected the folder of a run"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "[" * DEEP,
        "null",
        '{"item_id": "a", "label": []}',
        '{"item_id": [], "label": "favor"}',
        '{"item_id": "a", "item_id": "b", "label": "favor"}',
    ],
)
def test_the_predictions_of_a_fold_cannot_crash_a_reader(content):
    from kazstance.bench.answers import from_lines
    from kazstance.bench.tasks import AnswerColumns

    with pytest.raises(KazstanceError, match="x.jsonl"):
        from_lines(
            f"{content}\n".encode(),
            None,
            AnswerColumns({name: name for name in ("favor", "against", "neutral")}),
            "x.jsonl",
        )


def test_a_float_is_finite_in_whatever_is_read():
    assert all(math.isfinite(load_json(text)) for text in ("1e308", "-1.5", "0"))


def test_a_corpus_with_a_warning_builds_as_without_it(harbour, harbour_data, tmp_path):
    (harbour / "notes.md").write_text("x")
    (tmp_path / "out").mkdir()
    with pytest.warns(CorpusWarning):
        build(harbour, tmp_path / "out", lambda _: None)
    assert kazstance.manifest(data=tmp_path / "out").digest == kazstance.manifest(data=harbour_data).digest


def test_lines_error_counts(tmp_path):
    with pytest.raises(LinesError) as caught:
        read_json_lines(b"null\n" * 3, "x")
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]

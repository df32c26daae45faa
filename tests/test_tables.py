"""Users' tables: read as written, and every problem of a file named with its line."""

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kazstance.cli.command import delimiter_of
from kazstance.errors import InputError, KazstanceError, UnknownNameError
from kazstance.input.tables import LONGEST, Form, read_table

WINDOWS = Form("\t", "windows-1252")
FIELDS = st.text(st.characters(codec="windows-1252", exclude_characters="\t\r\n\x00"), max_size=8)


def write(folder, content, name="x.txt"):
    (folder / name).write_bytes(content)
    return folder / name


@given(rows=st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=6), end=st.sampled_from(["\n", "\r\n", "\r"]))
@example(rows=[("", '"', ""), ("", '"', "")], end="\n")
def test_text_is_read_as_a_reader_of_csv_without_quoting_reads_it(rows, end, tmp_path_factory):
    text = end.join(["a\tb\tc", *map("\t".join, rows)]) + end
    file = write(tmp_path_factory.mktemp("x"), text.encode("windows-1252"))
    expected = list(csv.reader(io.StringIO(text, newline=None), delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    assert [list(row.values()) for row in read_table(file, WINDOWS).to_pylist()] == expected


def test_an_id_stays_as_it_is_written_and_numbers_are_numbers(tmp_path):
    for name, delimiter in (("x.csv", ","), ("x.tsv", "\t")):
        lines = [delimiter.join(row) for row in (("id", "label", "p_favor"), ("007", "1", "0.5"), ("1e5", "0", "1"))]
        table = read_table(write(tmp_path, "\n".join(lines).encode(), name))
        assert table.to_pydict() == {"id": ["007", "1e5"], "label": ["1", "0"], "p_favor": [0.5, 1.0]}
    table = read_table(write(tmp_path, b"id\tp_favor\n1\tmany\n", "y.tsv"))
    assert table.schema.field("p_favor").type == pa.string()


def test_csv_has_quotes_and_another_delimiter_and_encoding(tmp_path):
    file = write(tmp_path, '\ufeffid;text\n1;"caf\xe9; ""here"""\n'.encode("utf-16"), "x.csv")
    assert read_table(file, Form(";", "utf-16")).to_pydict() == {"id": ["1"], "text": ['caf\xe9; "here"']}


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert read_table(write(tmp_path, b"a\tb\n")).to_pydict() == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\n1\t2\n1\n1\t2\t3\n", "x.txt:3: 1 fields, expected 2 as in the header\n{}:4: 3 fields, expected 2"),
        (b"a\tb\n1\t2\n\n1\t2\n", "x.txt:3: 1 fields, expected 2 as in the header"),
        (b"a\tb\n1\t\xe9\n", "x.txt:2: byte 0xe9 at 6, expected UTF-8; this looks like"),
        (b"a\tb\n1\t" + b"x" * (LONGEST + 1), "x.txt:2: b: 131073 characters, expected at most 131072"),
        (b"a\ta\n1\t2\n", "x.txt: the column 'a' appears twice, expected once"),
    ],
)
def test_faults_of_a_file_are_named_with_their_line(content, message, tmp_path):
    file = write(tmp_path, content)
    with pytest.raises(KazstanceError) as caught:
        read_table(file)
    assert message.format(file) in str(caught.value)


def test_bytes_that_windows_does_not_know_are_named(tmp_path):
    with pytest.raises(InputError, match=r"x\.txt:3: the bytes 81, expected windows-1252"):
        read_table(write(tmp_path, b"a\n\xe9\n\x81\n"), WINDOWS)


@pytest.mark.parametrize("encoding", ["no-such", "zip", "hex"])
def test_what_is_no_encoding_of_text_is_refused(encoding, tmp_path):
    with pytest.raises(UnknownNameError, match="is not a text encoding; choose from utf-8"):
        read_table(write(tmp_path, b"a\n"), Form(None, encoding))


@pytest.mark.parametrize("name", ["x.csv", "x.txt"])
def test_text_that_is_none_is_refused(name, tmp_path):
    with pytest.raises(KazstanceError):
        read_table(write(tmp_path, rb"a,b\ud800", name), Form(None, "raw_unicode_escape"))


@pytest.mark.parametrize("name", ["", ",,", "é", '"', "\n", "\0", "comma"])
def test_delimiters_are_one_plain_character(name):
    with pytest.raises(UnknownNameError, match="is not a delimiter; choose from tab"):
        delimiter_of(name)
    assert [delimiter_of(good) for good in (None, "tab", ";")] == [None, "\t", ";"]

"""New corpus folders and what is added to them: always valid, all files or none, and nothing else changes."""

import csv
import hashlib
import re
import tomllib
import warnings

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kazstance.cli import app
from kazstance.corpus.additions import Stated, add_source, add_target, add_texts, new_target
from kazstance.corpus.build import build, make
from kazstance.corpus.editing import editing
from kazstance.corpus.extraction import extract
from kazstance.corpus.inputs import UnitInput
from kazstance.corpus.read import read
from kazstance.corpus.scaffold import NewCorpus, new_corpus
from kazstance.corpus.segment import segment
from kazstance.errors import InputError, KazstanceError
from kazstance.schema.ids import check_id, folded, make_id
from tests.commands import call
from tests.conftest import HARBOUR, quiet

WEB = """<!DOCTYPE html><html lang="en"><head><title>Down with the toll | The Paper</title>
<meta property="og:title" content="Down with the toll"><link rel="canonical" href="https://example.org/toll">
<meta property="article:published_time" content="2022-01-08T10:00:00Z"></head><body>
<nav><a href="/">Home</a> <a href="/news">All the news</a></nav><article><h1>Down with the toll</h1>
<p>The toll hits those who work, and it should go at once. Nobody asked the dockers what they think of it.</p>
<p>The council says that a quay costs money, which is true. It could be paid by the shipping line instead.</p>
</article><footer><a href="/privacy">Privacy</a></footer></body></html>"""
ENGLISH = Stated("en", "made up for a test")


def pdf(*lines):
    """A PDF file with lines of text, one below another; an empty one leaves a gap."""
    shown = "".join(f"({line}) Tj 0 -14 Td " if line else "0 -40 Td " for line in lines)
    stream = f"BT /F1 12 Tf 72 720 Td {shown}ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    content, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + table + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(content)


def digests(folder):
    """The digest of each file of a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def run(*arguments):
    return CliRunner().invoke(app, [str(part) for part in arguments])


@pytest.fixture
def corpus(tmp_path):
    """A new corpus with the made-up texts."""
    new_corpus(tmp_path / "corpus", NewCorpus("A test"))
    return tmp_path / "corpus"


def test_every_file_of_a_new_corpus_is_valid_and_says_what_it_is_for(corpus):
    with warnings.catch_warnings(action="error"):
        found = read(corpus)
    assert [entry.value.id for entry in found.sources] == ["traders", "residents"]
    for file in corpus.rglob("*.toml"):
        assert file.read_text().startswith("# "), file
    for name in ("README.md", "CODEBOOK.md"):
        assert (corpus / name).read_text().startswith("# "), name
    codebook = (corpus / "CODEBOOK.md").read_text()
    assert all(f"`{entry.value.id}`" in codebook for entry in found.targets)
    listed = re.findall(r"`kazstance [^`]+`", (corpus / "README.md").read_text())
    assert [line.split()[1] for line in listed[:3]] == ["check", "annotate", "build"]


def test_a_new_corpus_builds_and_marks_its_titles_by_their_words(corpus, tmp_path):
    rows = make(corpus, quiet).rows["sentences"]["all"]
    kinds = dict(zip(rows["text"].to_pylist(), rows["kind"].to_pylist(), strict=True))
    assert [text for text, kind in kinds.items() if kind == "title"] == [
        "Keep the square open",
        "A square for everybody",
    ]
    (tmp_path / "data").mkdir()
    build(corpus, tmp_path / "data", quiet)


@pytest.mark.parametrize(
    "title", ['A "quoted" title', "Ünïcode ☂", "two\nlines", "[link](x) `code` $money", "back\\slash"]
)
def test_titles_and_targets_may_have_any_characters(title, tmp_path):
    new_corpus(tmp_path / "corpus", NewCorpus(title, targets=[title, "another"]))
    found = read(tmp_path / "corpus")
    assert found.header.title == title
    assert [entry.value.name for entry in found.targets] == [title, "another"]


def test_a_folder_with_other_content_is_left_as_it_is(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "notes.txt").write_text("mine")
    with pytest.raises(KazstanceError, match="already exists"):
        new_corpus(tmp_path / "corpus", NewCorpus("A test"))
    assert digests(tmp_path / "corpus").keys() == {"notes.txt"}


def test_own_texts_become_sources_named_after_their_files(tmp_path):
    for name, text in {"The Gazette 2022.txt": "One sentence.", "Dockers!.txt": "We say no."}.items():
        (tmp_path / name).write_text(text)
    texts = sorted(tmp_path.glob("*.txt"))
    new_corpus(tmp_path / "corpus", NewCorpus("Own", texts=texts, stated=ENGLISH, targets=["the toll"]))
    found = read(tmp_path / "corpus")
    assert found.texts == {"dockers": "We say no.", "the_gazette_2022": "One sentence."}
    assert {entry.value.rights for entry in found.sources} == {ENGLISH.rights}


@given(st.lists(st.text(), max_size=6))
def test_ids_made_from_any_text_are_valid_and_differ(texts):
    ids = []
    for text in texts:
        ids.append(check_id(make_id(text, ids)))
    assert len({folded(name) for name in ids}) == len(ids)


@pytest.mark.parametrize("text", ["con", "COM1", "LPT9", "x" * 300, "ж" * 300, "", "...", "a\u0308"])
def test_ids_of_difficult_texts_are_valid(text):
    check_id(make_id(text))
    check_id(make_id(text, [make_id(text)]))


def test_the_main_text_of_a_web_page_comes_with_what_the_page_says_of_itself(tmp_path):
    (tmp_path / "page.html").write_text(WEB)
    found = extract(tmp_path / "page.html")
    assert (found.title, found.date, found.url) == ("Down with the toll", "2022-01-08", "https://example.org/toll")
    text = found.content.decode()
    assert "by the shipping line instead." in text
    assert "Privacy" not in text
    assert "All the news" not in text


def test_lines_of_a_pdf_file_are_joined_and_so_are_divided_words(tmp_path):
    lines = [
        "The toll hits those who work, and the gov-",
        "ernment knows it. So does the Anti-",
        "Toll League.",
        "",
        "Another one.",
    ]
    (tmp_path / "paper.pdf").write_bytes(pdf(*lines))
    found = extract(tmp_path / "paper.pdf")
    first = "The toll hits those who work, and the government knows it. So does the Anti-Toll League."
    assert found.content.decode() == f"{first}\n\nAnother one.\n"


def test_a_word_file_yields_its_paragraphs_and_the_rows_of_its_tables(tmp_path):
    document = docx.Document()
    document.core_properties.title = "Minutes"
    document.add_paragraph("We say no.")
    row = document.add_table(1, 2).rows[0]
    row.cells[0].text, row.cells[1].text = "for", "12"
    document.save(tmp_path / "minutes.docx")
    found = extract(tmp_path / "minutes.docx")
    assert (found.title, found.content.decode()) == ("Minutes", "We say no.\n\nfor\t12\n")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pdf", b"%PDF-1.4 and then nothing", "expected PDF"),
        ("a.pdf", pdf(), "text recognition"),
        ("a.docx", b"PK\x03\x04 not a Word file", "expected a Word file"),
        ("a.html", b"<html></html>", "the text is empty"),
        ("a.txt", "Für".encode("utf-16"), "UTF-16, expected plain text"),
        ("a.txt", "F\u00fcr".encode("latin-1"), "or pass --encoding"),
        ("a.txt", b"  \n", "the text is empty"),
        ("a.rtf", b"{\\rtf", "expected a text as .txt"),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_one_line(name, content, expected, tmp_path, corpus):
    (tmp_path / name).write_bytes(content)
    before = digests(corpus)
    done = run("add", "text", tmp_path / name, "--corpus", corpus)
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert expected in done.stderr
    assert digests(corpus) == before


def test_plain_text_stays_as_it_is_and_other_encodings_are_recorded(tmp_path, corpus):
    content = "One line.\r\nF\u00fcr alle.".encode()
    (tmp_path / "crlf.txt").write_bytes(content)
    (tmp_path / "old.txt").write_bytes("F\u00fcr alle \u201ehier\u201c.".encode("windows-1252"))
    add_texts(corpus, [tmp_path / "crlf.txt"], ENGLISH)
    add_texts(corpus, [tmp_path / "old.txt"], ENGLISH, encoding="windows-1252")
    assert (corpus / "texts" / "crlf.txt").read_bytes() == content
    assert (corpus / "texts" / "old.txt").read_text(encoding="utf-8") == "F\u00fcr alle \u201ehier\u201c."
    assert "codec windows-1252" in (corpus / "originals.csv").read_text()


def test_texts_are_added_all_or_none(tmp_path, corpus):
    (tmp_path / "good.txt").write_text("A good text.")
    before = digests(corpus)
    for bad in (tmp_path / "missing.txt", corpus / "README.md"):
        with pytest.raises((KazstanceError, InputError)):
            add_texts(corpus, [tmp_path / "good.txt", bad], Stated(date="tomorrow"))
        assert digests(corpus) == before


def put_in_the_place_of_a_folder(corpus):
    with editing(corpus) as edit:
        edit.append("targets.toml", "target", {"id": "x", "name": "the x"})
        edit.put("texts", b"a file")


def test_a_fault_while_writing_puts_everything_back(corpus):
    before = digests(corpus)
    with pytest.raises(KazstanceError, match="is a folder"):
        put_in_the_place_of_a_folder(corpus)
    assert digests(corpus) == before


def test_a_link_is_not_followed_out_of_the_corpus(corpus, tmp_path):
    (tmp_path / "elsewhere.toml").write_bytes((corpus / "targets.toml").read_bytes())
    (corpus / "targets.toml").unlink()
    (corpus / "targets.toml").symlink_to(tmp_path / "elsewhere.toml")
    before = (tmp_path / "elsewhere.toml").read_bytes()
    with pytest.raises((KazstanceError, InputError)):
        add_target(corpus, new_target(corpus, "another"))
    assert (tmp_path / "elsewhere.toml").read_bytes() == before


def test_what_is_added_leaves_comments_and_other_entries_as_they_are(corpus):
    before = {name: (corpus / name).read_text() for name in ("sources.toml", "targets.toml")}
    add_target(corpus, new_target(corpus, "the toll", kind="issue"))
    add_source(corpus, "gazette", Stated("de", speaker='the "Gazette"'))
    for name, text in before.items():
        now = (corpus / name).read_text()
        assert now.startswith(text)
        tomllib.loads(now)


def test_texts_of_one_source_become_its_documents_with_what_is_known_of_each(tmp_path, corpus):
    (tmp_path / "page.html").write_text(WEB)
    (tmp_path / "page.txt").write_text("A second text with the same name.")
    added = add_texts(corpus, [tmp_path / "page.html", tmp_path / "page.txt"], Stated(), source="traders")
    assert [one.document_id for one in added] == ["traders/page", "traders/page_2"]
    found = {one.document_id: one.given for one in read(corpus).documents}
    assert (found["traders/page"].date, found["traders/page"].title) == ("2022-01-08", "Down with the toll")
    rows = make(corpus, quiet).rows["documents"]["all"].to_pylist()
    assert {row["document_id"]: row["date"] for row in rows}["traders/page"] == "2022-01-08"


def test_a_text_that_was_changed_on_purpose_is_recorded_again(corpus):
    text = corpus / "texts" / "traders.txt"
    text.write_text(text.read_text() + "\nOne more sentence.\n")
    done = run("check", corpus)
    assert done.exit_code == 1
    assert "kazstance add text texts/traders.txt" in done.stderr
    assert run("add", "text", text, "--corpus", corpus).exit_code == 0
    assert run("check", corpus).exit_code == 0


def test_no_text_takes_the_place_of_another(tmp_path, corpus):
    (tmp_path / "traders.txt").write_text("Other words.")
    before = digests(corpus)
    with pytest.raises(KazstanceError, match="already holds another text"):
        add_texts(corpus, [tmp_path / "traders.txt"], Stated())
    assert digests(corpus) == before


def test_adding_to_an_annotated_corpus_changes_no_judgement(harbour, tmp_path):
    before = digests(harbour)
    (tmp_path / "pilots.txt").write_text("We say nothing.")
    add_texts(harbour, [tmp_path / "pilots.txt"], ENGLISH)
    add_target(harbour, new_target(harbour, "the strike of the pilots"))
    after = digests(harbour)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"sources.toml", "targets.toml", "SHA256SUMS"}
    old, new = (make(folder, quiet).rows["judgements"]["all"].to_pylist() for folder in (HARBOUR, harbour))
    assert new == old


def test_units_marked_by_words_or_sentence_are_those_marked_by_offsets(harbour, tmp_path):
    by_place = [unit.model_dump() for unit in segment(read(harbour))[0]]
    ids = {(unit["document_id"], unit["raw_start"], unit["raw_end"]): unit["sentence_id"] for unit in by_place}
    texts = read(harbour).texts
    marked = []
    for entry in read(harbour).units:
        row = entry.value.model_dump(exclude={"sentence_id"})
        text = texts[row["source_id"]]
        words = text[row["raw_start"] : row["raw_end"]] or text[row["raw_start"] : row["raw_start"] + 20]
        sentence = ids.get((row["source_id"], row["raw_start"], row["raw_end"]))
        if sentence and row["action"] in ("kind", "voice"):
            row = {key: row[key] for key in ("action", "value", "reason")} | {"sentence_id": sentence}
        elif text.count(words) == 1:
            row = {key: row[key] for key in ("source_id", "action", "value", "reason")} | {"raw": words}
        marked.append(row)
    assert sum("sentence_id" in row for row in marked) > 1
    assert sum("raw" in row and "raw_start" not in row for row in marked) > 1
    with (harbour / "curation" / "units.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*UnitInput.model_fields])
        writer.writeheader()
        writer.writerows(marked)
    assert [unit.model_dump() for unit in segment(read(harbour))[0]] == by_place


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("traders,not in the text,kind,title,x", "is not in traders, expected once; copy the words exactly"),
        ("traders,the,kind,title,x", "times in traders, expected once; quote more words"),
        ("traders,,kind,title,x", "no place, expected the words of the text under raw, or a sentence_id"),
        ("nobody,Keep,kind,title,x", "'nobody', expected one of"),
    ],
)
def test_words_that_mark_no_unit_are_reported_with_a_remedy(row, expected, corpus):
    (corpus / "curation" / "units.csv").write_text(f"source_id,raw,action,value,reason\n{row}\n")
    with pytest.raises(InputError, match=re.escape(expected)) as caught:
        read(corpus)
    assert "curation/units.csv:2" in str(caught.value)


def test_a_sentence_that_is_not_there_is_reported(corpus):
    (corpus / "curation" / "units.csv").write_text("sentence_id,action,value,reason\ntraders/9/9,kind,title,x\n")
    with pytest.raises(InputError, match="the kind rule on traders/9/9 matches no unit"):
        make(corpus, quiet)


def test_check_shows_the_units_and_what_comes_next(corpus, tmp_path):
    done = run("check", corpus, "--page", tmp_path / "page.html", "--source", "traders")
    assert done.exit_code == 0
    assert "Keep the square open" in done.stdout
    assert "A square for everybody" not in done.stdout
    assert "annotate export" in done.stdout
    assert "Keep the square open" in (tmp_path / "page.html").read_text()


def test_check_reports_all_problems_at_once(corpus):
    (corpus / "targets.toml").write_text('[[target]]\nid = "x y"\nname = "x"\nkind = "isue"\n')
    (corpus / "texts" / "stray.txt").write_text("Whose text is this?")
    done = run("check", corpus)
    assert done.exit_code == 1
    assert len([line for line in done.stderr.splitlines() if line.startswith(("targets.toml:1", "texts/stray"))]) == 3


def test_sources_and_targets_are_added_from_the_command_line(corpus):
    done = run("add", "source", "gazette", "--corpus", corpus, "--speaker", "the Gazette")
    assert "add text FILE" in done.stdout
    done = run("add", "target", "the toll", "--corpus", corpus, "--kind", "isue")
    assert (done.exit_code, "issue" in done.stderr) == (2, True) or "issue" in done.stderr
    assert "the_toll" in run("add", "target", "the toll", "--corpus", corpus, "--kind", "issue").stdout
    assert run("add", "target", "the toll", "--corpus", corpus).exit_code == 1


def test_a_source_whose_text_is_yet_to_come(tmp_path):
    folder = tmp_path / "mine"
    assert call("new", "--title", "Mine", out=folder).exit_code == 0
    assert call("add source", corpus=folder, source="pilots").exit_code == 0
    done = call("check", corpus=folder)
    assert done.exit_code == 1
    remedy = "texts/pilots.txt is missing, expected a text; run `kazstance add text FILE --source pilots`"
    assert remedy in done.output
    text = tmp_path / "one.txt"
    text.write_text("The pilots say no.\n", encoding="utf-8")
    assert call("add text", "--source", "pilots", corpus=folder, text=text).exit_code == 0
    assert call("check", corpus=folder).exit_code == 0


def test_texts_that_were_copied_into_the_folder_are_added_one_at_a_time(corpus):
    for name in ("pilots", "sailors"):
        (corpus / f"texts/{name}.txt").write_text("The toll is fair.\n")
    fault = run("check", corpus).stderr
    assert "run `kazstance add text texts/pilots.txt` in the corpus folder" in fault
    for name in ("pilots", "sailors"):
        assert run("add", "text", corpus / f"texts/{name}.txt", "--corpus", corpus).exit_code == 0
    assert run("check", corpus).exit_code == 0


def test_a_problem_that_is_there_does_not_keep_others_from_being_mended(corpus):
    sources = corpus / "sources.toml"
    sources.write_text(sources.read_text().replace("[corpus]", "[corpus]\ntitel = 1", 1))
    (corpus / "originals.csv").write_text((corpus / "originals.csv").read_text().replace("traders,", "trader,"))
    (corpus / "texts/pilots.txt").write_text("The toll is fair.\n")
    done = run("add", "text", corpus / "texts/pilots.txt", "--corpus", corpus)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "titel" in run("check", corpus).stderr


@pytest.mark.parametrize(
    ("name", "valid"),
    [("my letter (2).txt", "my_letter_2"), ("A.TXT", "a"), ("pilots/my letter.txt", "pilots/my_letter")],
)
def test_a_text_whose_name_is_not_an_id_is_told_which_it_could_have(corpus, name, valid):
    file = corpus / "texts" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("The toll is fair.\n")
    for done in (run("check", corpus), run("add", "text", file, "--corpus", corpus)):
        assert f"rename it, such as to texts/{valid}.txt" in done.stderr
    moved = corpus / f"texts/{valid}.txt"
    file.rename(moved)
    assert run("add", "text", moved, "--corpus", corpus).exit_code == 0
    assert run("check", corpus).exit_code == 0


def test_files_that_are_not_plain_text_in_the_folder_of_texts_are_told_how_to_come_in(corpus):
    page = corpus / "texts/page.html"
    page.write_text(WEB)
    with (corpus / "SHA256SUMS").open("a") as sums:
        sums.write(f"{hashlib.sha256(page.read_bytes()).hexdigest()}  texts/page.html\n")
    done = run("check", corpus)
    assert "'texts/page.html', expected texts/<source_id>.txt" in done.stderr
    assert "delete the line" in done.stderr
    assert "move it elsewhere, and `kazstance add text FILE` adds the text in it" in done.stderr
    add_texts(corpus, [page], ENGLISH)
    assert (corpus / "texts/page.txt").is_file()


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (pdf("One sentence."), "rename it to text.pdf"),
        (b"{\\rtf1\\ansi One sentence.}", "save it as plain text"),
        (b"<!DOCTYPE html><p>One sentence.</p>", "or rename it to text.html"),
    ],
)
def test_another_kind_of_file_named_txt_is_not_read_in_any_encoding(tmp_path, content, remedy, encoding):
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    with pytest.raises(KazstanceError, match=remedy):
        extract(file, encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "windows-1252"])
def test_the_encoding_that_a_message_names_is_the_one_that_reads_the_text(tmp_path, encoding):
    file = tmp_path / "text.txt"
    file.write_bytes("The toll is “fair”.\n".encode(encoding))
    with pytest.raises(KazstanceError, match="or pass --encoding") as fault:
        extract(file)
    assert extract(file, str(fault.value).rpartition(" ")[2]).content.decode() == "The toll is “fair”.\n"


def faults_of(folder):
    return run("check", folder).stderr.splitlines()


def test_a_folder_with_only_texts_is_told_how_to_begin(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/pilots.txt").write_text("The toll is fair.\n")
    lines = faults_of(tmp_path)
    files = ["annotations/annotators.toml", "sources.toml", "targets.toml"]
    assert [line.split(":")[0] for line in lines] == files
    assert all("`kazstance new FOLDER --text FILE --target NAME` creates" in line for line in lines)


@pytest.mark.parametrize("content", ["", "\n", 'title = "A test"\n\n[[source]]\nid = "traders"\n'])
def test_a_missing_table_is_one_problem_with_its_fields(corpus, content):
    (corpus / "sources.toml").write_text(content)
    lines = [line for line in faults_of(corpus) if "[corpus]: missing" in line]
    assert lines == [
        "sources.toml: [corpus]: missing, expected this table with id, title, version, event, license",
    ]
    outside = [line for line in faults_of(corpus) if ": title: " in line]
    told = "sources.toml:1: title: not in any table; move it below the heading of one; choose from [corpus], [[source]]"
    assert outside == ([told] if "title" in content else [])


def test_what_a_message_shows_for_a_missing_field_is_valid(corpus):
    """The examples of all messages, put into the files, make the corpus one that can be read."""
    (corpus / "sources.toml").write_text('# My corpus\n\n[corpus]\n\n[[source]]\nid = "traders"\n')
    (corpus / "targets.toml").write_text("[[target]]\n")
    for name in ("curation/units.csv", "originals.csv", "texts/residents.txt"):
        (corpus / name).unlink()
    heads = {"sources.toml:3": "[corpus]\n", "sources.toml:5": "[[source]]\n", "targets.toml:1": "[[target]]\n"}
    shown = re.compile(r"(?P<place>[\w.]+:\d+): (?P<field>\w+): missing, expected a value such as '(?P<value>.*)'")
    found = [match for line in faults_of(corpus) if (match := shown.fullmatch(line))]
    assert {match["place"] for match in found} == set(heads)
    for match in found:
        file = corpus / match["place"].partition(":")[0]
        head = heads[match["place"]]
        file.write_text(file.read_text().replace(head, f'{head}{match["field"]} = "{match["value"]}"\n', 1))
    assert run("check", corpus).exit_code == 0


def test_texts_without_a_target_are_refused_with_the_option_that_is_missing(tmp_path):
    (tmp_path / "one.txt").write_text("The toll is fair.\n")
    done = run("new", tmp_path / "mine", "--title", "Mine", "--text", tmp_path / "one.txt")
    assert (done.exit_code, "--target NAME" in done.stderr) == (1, True)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_curation_saved_with_other_delimiters_is_told_to_use_commas(corpus, delimiter):
    units = corpus / "curation/units.csv"
    units.write_text(units.read_text().replace(",", delimiter))
    assert [line.rpartition("; ")[2] for line in faults_of(corpus)] == ["save the file with commas between the columns"]

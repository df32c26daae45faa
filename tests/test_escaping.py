"""What would be active on a terminal, in Markdown, a spreadsheet or XML leaves as text; a token does not leave at all."""

import ast
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.text import Text

import kazstance
from kazstance import dataset
from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.label_studio import to_config
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.errors import HubError
from kazstance.output import cells, characters, terminal
from kazstance.output.export import Format, export
from kazstance.output.markdown import address, code, code_block, emphasis, markdown_table, paragraph, plain, strong
from kazstance.output.plain_json import to_json
from kazstance.output.plain_yaml import to_yaml
from kazstance.publish import upload
from kazstance.publish.citation import Style, cite
from kazstance.publish.hub import stage
from tests.commands import Finished, argv, call, environment, run
from tests.conftest import quiet
from tests.hostile import CONTROLS, DANGEROUS, DANGEROUS_TEXTS, write_hostile

PACKAGE = Path(kazstance.__file__).parent
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ANY = st.text() | st.text("#>+-=*_`~|\\[]()!<>&; \n\t\r1.a:/é\x1b\u202e\u200b{}$'＝\ufeff", max_size=40)
SECRET = "hf_sEcReTsEcReT"


def acting(text):
    """Characters that act without being displayed, by the Unicode database and not by our own list."""
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return sorted({character for character in text if unicodedata.category(character) in kinds} - {"\n"})


def invoke(name, /, *more, **places):
    """A command in this process."""
    done = call(name, *more, **places)
    return Finished(done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    said = [
        "released = 2026-03-01",
        f"authors = [{', '.join(json.dumps(text[:199]) for text in ('Doe} and ' + CONTROLS + ', Jane', '} ' + CONTROLS))}]",
        f"abstract = {json.dumps(DANGEROUS[12])}",
        f"keywords = [{json.dumps(CONTROLS)}]",
        'repository = "https://example.org/}{\\\\x"',
    ]
    said = [line.replace("\x7f", "\\u007f").replace("\\udb40\\udc41", "\\U000e0041") for line in said]
    folder = write_hostile(tmp_path_factory.mktemp("hostile") / "corpus", DANGEROUS, DANGEROUS_TEXTS, said)
    (folder / "CODEBOOK.md").write_text("\n\n".join([*DANGEROUS, "$target costs $500", "\ufffe\uffff\x0b"]))
    return folder


@pytest.fixture(scope="module")
def data(corpus, tmp_path_factory):
    """The dataset with its pages."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "built").mkdir()
    build(corpus, folder / "built", quiet)
    stage(DatasetFolder(folder / "built"), folder / "staged")
    return folder / "staged"


# --- terminal ---


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x08", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\xad", "\u061c", "\u200b", "\u200e", "\u2028", "\u202e", "\u2066", "\u2060", "\ufeff", "\ufff9", "\ud800", "\U000e0041", "\u3164"])  # fmt: skip
def test_a_character_that_acts_is_shown_as_an_escape(character):
    assert characters.safe(f"a{character}b") == "a" + character.encode("unicode_escape").decode() + "b"


def test_only_visible_characters_of_these_kinds_are_left():
    """Signs before numbers and the joiners of hieroglyphs are displayed; each character is on its own here."""
    left = acting(characters.safe(" ".join(map(chr, range(sys.maxunicode + 1)))))
    shown = ("ARABIC", "SYRIAC ABBREVIATION MARK", "KAITHI NUMBER SIGN", "EGYPTIAN HIEROGLYPH")
    assert [c for c in left if c != "\t" and not unicodedata.name(c).startswith(shown)] == []


@pytest.mark.parametrize("text", ["می‌خواهم", "क्‍ष", "👩‍🔬", "Ünïcödé — “quoted”", "שלום", "中文", "a\nb"])
def test_writing_of_all_scripts_is_left_alone(text):
    assert characters.safe(text) == text


@given(ANY)
def test_making_safe_twice_changes_nothing_more(text):
    assert characters.safe(characters.safe(text)) == characters.safe(text)
    assert "\n" not in characters.safe_line(text)


@given(st.recursive(ANY | st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(ANY, inner)))
def test_json_says_the_same_and_acts_on_nothing(value):
    assert json.loads(to_json(value)) == value
    assert acting(to_json(value)) == []


PRINTED = [
    ("agreement",),
    ("agreement", "--json"),
    *(("cite", "--format", style) for style in Style),
    ("compare",),
    ("compare", "--json"),
    ("compare disagreements",),
    ("compare distances",),
    ("compare contrast", "tostring"),
    ("compare wording", "tostring"),
    ("compare contrast", "tostring", "--json"),
    ("export", "--format", "jsonl"),
    ("info",),
    ("info", "--json"),
    ("license",),
    ("license", "--json"),
    ("show", "--limit", "0"),
    ("show", "--limit", "0", "--json"),
    ("show", "--source", f"x{CONTROLS}"),
    ("show", f"--{CONTROLS}"),
    ("show", f"x{CONTROLS}"),
    ("verify",),
    ("why",),
    ("why", "--json"),
]


@pytest.mark.parametrize("command", PRINTED, ids=lambda command: " ".join(command).encode("unicode_escape").decode())
def test_no_command_prints_what_acts(command, data, tmp_path):
    name, *more = command
    places = {
        "data": data,
        "sentence": "left/1/1",
        "target": "tostring",
        "table": "judgements",
        "out": tmp_path / "out.jsonl",
    }
    done = invoke(name, *more, **places)
    written = (tmp_path / "out.jsonl").read_text("utf-8") if name == "export" else done.out + done.err
    assert done.code in ((1, 2) if CONTROLS in command[-1] else (0,)), done.err
    assert written
    assert acting(written) == []
    if "--json" in command:
        json.loads(done.out)


def test_errors_do_not_act_and_no_name_begins_a_line(data, corpus, tmp_path):
    hostile = f"{CONTROLS}\nowned: all is well"
    for file in ("gold.csv", "pred.csv"):
        with (tmp_path / file).open("w", newline="") as sheet:
            csv.writer(sheet).writerows([[hostile, "id", "label"], ["1", hostile, "favor"], ["1", "2", hostile]])
    files = {"gold": tmp_path / "gold.csv", "pred": tmp_path / "pred.csv"}
    train = {"train": files["gold"], "test": files["pred"], "system": "majority", "out": tmp_path / "run"}
    columns = ("--id", "id", "--text", hostile, "--target", "id", "--label", "label")
    (tmp_path / "sheet.csv").write_text(f"item,{CONTROLS}\n1,2\n")
    (tmp_path / "plan.json").write_text(json.dumps({CONTROLS: hostile}))
    sheet = {"corpus": corpus, "sheet": tmp_path / "sheet.csv"}
    failed = [
        invoke("score", "--id", "absent", **files),
        invoke("score", "--id", "id", **files),
        invoke("bench run on files", *columns, **train),
        invoke("bench run", system=hostile, out=tmp_path / "run"),
        invoke("bench report", tmp_path / hostile, out=tmp_path / "page.md"),
        invoke("annotate import", **sheet),
        invoke("annotate import", "--plan", tmp_path / "plan.json", **sheet),
        invoke("info", data=tmp_path / hostile),
        invoke("explore", data=tmp_path / hostile, out=tmp_path / "x.html"),
    ]
    for done in failed:
        assert done.code in (1, 2), done
        assert done.err
        assert acting(done.err) == []
        assert not [line for line in done.err.splitlines() if line.startswith("owned")]


@pytest.mark.parametrize(
    "command", [("show", "--limit", "0"), ("export", "--format", "csv"), ("compare contrast", "watch")]
)
def test_on_a_terminal(command, data):
    """On a terminal, not into a pipe: styled text is control sequences there, and styles are switched off."""
    name, *more = command
    parent, child = pty.openpty()
    arguments = [part for part in argv(name, *more, data=data, table="sources", out="") if part]
    arguments = [part for part in arguments if part != "--out"]
    plain_terminal = environment(TERM="dumb", NO_COLOR="1", COLUMNS="200")
    with subprocess.Popen(
        [sys.executable, "-m", "kazstance", *arguments], stdout=child, stderr=child, env=plain_terminal
    ) as process:
        os.close(child)
        content = b""
        while part := _read(parent):
            content += part
    assert process.returncode == 0
    assert content
    assert acting(content.decode().replace("\r\n", "\n").replace("\t", "")) == []
    assert r"\x1b" in content.decode()


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_console_guards_what_it_is_given_raw(capsys):
    table = terminal.Table("a", CONTROLS)
    table.add_row("[bold]b[/bold] :smile:", CONTROLS)
    terminal.display(CONTROLS, Text(CONTROLS), table)
    printed = capsys.readouterr().out
    assert acting(printed) == []
    assert "[bold]b[/bold] :smile:" in printed


def test_all_that_is_printed_passes_one_module():
    found = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call | ast.keyword | ast.arg) or hasattr(node, "id"):
                found += [file.name] if getattr(node, "id", "") in ("print", "Console") else []
            if isinstance(node, ast.Attribute) and node.attr in ("echo", "secho", "write", "Console"):
                owner = ast.unparse(node.value)
                found += [file.name] if re.fullmatch(r"typer|click|sys\.std\w+(\.buffer)?|rich\.console", owner) else []
    assert set(found) == {"terminal.py"}


# --- Markdown ---


def tokens(page):
    """All tokens, including those within lines."""
    return [inner for token in MARKDOWN.parse(page) for inner in (token, *(token.children or ()))]


def kinds(page):
    return {token.type for token in tokens(page)}


def shown(text):
    """A text as it should be displayed: in one line, with active characters as escapes."""
    return characters.safe(" ".join(text.split()))


def seen(token):
    return "".join(child.content for child in token.children if child.type in ("text", "text_special", "code_inline"))


@given(ANY)
@example("Owned\n\n# [x](javascript:alert(1)) ![x](y) <script>x</script> <https://x.y> &lt; **a** _a_ ~~a~~ `a`")
@example("[a][b] [c]: https://x.y")
@example("\\[a](b) \\\\` \\|")
@example("\\")
def test_text_is_text_in_headings_and_at_the_beginning_of_lines(text):
    assert _parsed(f"# a {plain(text)}") == ("heading", ("a " + shown(text)).strip(), set())
    assert _parsed(f"a {plain(text)}") == ("paragraph", ("a " + shown(text)).strip(), set())
    if shown(text):
        assert _parsed(paragraph(text)) == ("paragraph", shown(text), set())
        assert _parsed(f"a {emphasis(text)}") == ("paragraph", "a " + shown(text), {"em_open", "em_close"})
        assert _parsed(f"a {strong(text)}") == ("paragraph", "a " + shown(text), {"strong_open", "strong_close"})


def _parsed(page):
    """The kind of a page's single block, what is displayed of it, and everything in it that is not plain text."""
    opened, inline, closed = MARKDOWN.parse(page)
    kind = opened.type.removesuffix("_open")
    assert closed.type == f"{kind}_close"
    return kind, seen(inline), {child.type for child in inline.children} - {"text", "text_special"}


@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=3))
def test_text_is_text_in_cells(rows):
    page = markdown_table(["a", "b"], [*rows, [code(text) for text in rows[0]]])
    found = MARKDOWN.parse(page)
    inline = [token for token in found if token.type == "inline"]
    assert [found[0].type, found[-1].type] == ["table_open", "table_close"]
    assert [seen(token) for token in inline[2:-2]] == [shown(text) for row in rows for text in row]
    for token, text in zip(inline[-2:], rows[0], strict=True):
        assert [child.type for child in token.children] == ["code_inline"]
        assert token.children[0].content.strip() == shown(text)


@given(ANY)
def test_text_is_text_in_blocks_of_code(text):
    (token,) = MARKDOWN.parse(code_block(text, "bibtex"))
    assert (token.type, token.info) == ("fence", "bibtex")


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "https://x.y](z) <b>", "HTTPS://[", "//x", "x"]
)
def test_only_addresses_of_the_web_are_left_as_they_are(text):
    assert kinds(f"a {address(text)}") <= {"paragraph_open", "inline", "paragraph_close", "text", "text_special"}
    assert address("https://x.org/a_b_c?d=*e*") == "https://x.org/a_b_c?d=%2Ae%2A"


def test_the_card_has_nothing_of_the_attackers(data, harbour_data, tmp_path):
    stage(DatasetFolder(harbour_data), tmp_path / "plain")
    pages = [(folder / "README.md").read_text("utf-8") for folder in (data, tmp_path / "plain")]
    assert acting(pages[0]) == []
    matter, page = re.fullmatch(r"---\n(.*?\n)---\n(.*)", pages[0], re.DOTALL).groups()
    assert yaml.safe_load(matter)["pretty_name"] == dataset.manifest(data=data).title
    extra = {"fence"}  # the citation, which the other corpus does not have
    assert kinds(page) - kinds(pages[1].split("---\n", 2)[2]) <= extra | {"text_special"}
    assert not {"link_open", "image", "html_inline", "hr"} & kinds(page)
    assert {token.content.strip() for token in tokens(page) if token.type == "html_block"} <= set(
        re.findall(r"<!-- (?:generated: \w+|end) -->", page)
    )
    headings = [
        [found[i + 1].content for i, token in enumerate(found) if token.type == "heading_open"]
        for found in map(MARKDOWN.parse, (page, pages[1].split("---\n", 2)[2]))
    ]
    assert headings[0][1:] == headings[1][1:]


@pytest.mark.full
def test_the_report_has_nothing_of_the_attackers(tmp_path, data):
    """A run whose system and family are hostile, on a hostile dataset, reported."""
    out = tmp_path / "run"
    first = invoke("bench run", "--data", data, system="majority", out=out)
    assert first.code == 0, first.err
    lines = [line for file in out.glob("predictions/*.jsonl") for line in file.read_text().splitlines()]
    (tmp_path / "all.jsonl").write_text("\n".join(lines))
    hostile = DANGEROUS[0].replace("\x00", "")
    more = ("--predictions", tmp_path / "all.jsonl", "--family", DANGEROUS[1], "--data", data)
    done = invoke("bench run", *more, system=hostile, out=tmp_path / "hostile")
    assert (done.code, acting(done.out + done.err)) == (0, []), done.err
    for suffix in ("md", "html", "json"):
        page = tmp_path / f"page.{suffix}"
        done = invoke("bench report", tmp_path / "hostile", out, "--data", data, out=page)
        assert (done.code, acting(done.out + done.err)) == (0, []), done.err
        assert acting(page.read_text("utf-8")) == []
    found = kinds((tmp_path / "page.md").read_text("utf-8"))
    assert {
        "link_open",
        "image",
        "html_inline",
        "html_block",
        "fence",
        "code_inline",
        "bullet_list_open",
    } & found == set()
    headings = re.findall(r"(?m)^#+ .*", (tmp_path / "page.md").read_text("utf-8"))
    assert not [heading for heading in headings if "wned" in heading]
    done = invoke("bench compare", tmp_path / "hostile", out, "--data", data)
    assert (done.code, acting(done.out + done.err)) == (0, []), done.err


# --- files of metadata ---


def test_metadata_holds_the_same_text_and_acts_on_nothing(data):
    found = dataset.manifest(data=data)
    for name in ("LICENSE-DATA", "CITATION.cff", "croissant.json", "eval.yaml", "manifest.json"):
        assert acting((data / name).read_text("utf-8")) == [], name
    citation = yaml.safe_load((data / "CITATION.cff").read_text("utf-8"))
    assert (citation["title"], citation["abstract"]) == (found.title, found.publication.abstract)
    assert yaml.safe_load((data / "eval.yaml").read_text("utf-8"))["name"] == found.title
    assert "<script>" not in json.loads(cite(found, Style.zenodo))["description"]
    rights = [line for line in (data / "LICENSE-DATA").read_text("utf-8").splitlines() if line.startswith("- ")]
    assert len(rights) == len(dataset.load("sources", data=data))


def test_braces_of_a_text_do_not_end_a_field_of_bibtex(data):
    """BibTeX counts braces and has no escape for them."""
    entry = cite(dataset.manifest(data=data), Style.bibtex)
    assert acting(entry) == []
    depth, fields = 0, []
    for character in entry:
        depth += (character == "{") - (character == "}")
        fields += [character] if depth == 1 else []
    assert depth == 0
    assert re.findall(r"(\w+) = ", "".join(fields)) == ["author", "title", "year", "month", "version", "note", "url"]
    assert "input{" not in entry.replace("textbackslash{}input", "")
    (authors,) = re.findall(r"author = \{(.*)\},", entry)
    assert len(re.findall(r"\} and \{", authors)) == 1


@given(st.dictionaries(ANY, ANY | st.lists(ANY)))
def test_yaml_says_the_same_and_acts_on_nothing(value):
    written = to_yaml(value, width=100)
    assert acting(written) == []
    assert yaml.safe_load(written) == value


# --- cells ---


def is_formula(cell):
    """As a cautious spreadsheet program would read it: invisible characters are dropped, wide forms become narrow."""
    kept = "".join(c for c in cell if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return unicodedata.normalize("NFKC", kept[:1]).startswith(("=", "+", "-", "@"))


@given(ANY | st.text("'=＝+-@﹣ \t\n\r\ufeff\u200b\xa0a"))
def test_cells_are_no_formulas_and_come_back(text):
    assert not is_formula(cells.safe_cell(text))
    assert cells.plain_cell(cells.safe_cell(text)) == text
    table = pa.table({"text": [characters.for_xml(text)]})
    (row,) = csv.DictReader(io.StringIO(export(table, Format.csv).decode(), newline=""))
    assert not is_formula(row["text"])


def test_the_signs_are_all_that_unicode_holds_to_be_forms_of_them():
    forms = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.normalize("NFKC", c) in ("=", "+", "-", "@")}
    assert forms == set(cells.FORMULA_SIGNS.replace("\\", ""))


def test_the_page_has_the_same_rule():
    script = (PACKAGE / "explorer" / "script" / "csv.js").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"/\^(.*)/u;", script)
    rule = re.compile(re.sub(r"\\u\{(\w+)\}", lambda found: f"\\U{int(found[1], 16):08x}", pattern))
    for character in map(
        chr, (*range(0x10000), *range(0x1BC00, 0x1BD00), *range(0x1D100, 0x1D200), *range(0xDFF00, 0xE1100))
    ):
        for text in (f"{character}=", f"'{character}"):
            assert bool(rule.match(text)) == bool(cells.ARMED.match(text)), text.encode("unicode_escape")


def test_tables_of_a_hostile_corpus_have_no_formula(data):
    armed = 0
    for table in dataset.manifest(data=data).tables:
        rows = csv.reader(io.StringIO(export(dataset.table(table, data=data), Format.csv).decode(), newline=""))
        kept = list(
            csv.reader(
                io.StringIO(export(dataset.table(table, data=data), Format.csv, exact=True).decode(), newline="")
            )
        )
        for row, exact in zip(rows, kept, strict=True):
            assert not [cell for cell in row if is_formula(cell) and not _is_number(cell)]
            assert [cells.plain_cell(cell) for cell in row] == exact
            armed += sum(map(is_formula, exact))
    assert armed > 10


def _is_number(cell):
    return bool(re.fullmatch(r"[+-]?[0-9.]+(e-?[0-9]+)?", cell))


def test_sheets_of_a_hostile_corpus_come_back(corpus, tmp_path):
    """As a spreadsheet program saves them, with the apostrophes of the export and without."""
    export_sheets(corpus, "p1", tmp_path / "sheets")
    text = (tmp_path / "sheets" / "sheet.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert not [cell for row in rows for cell in row.values() if is_formula(cell)]
    assert [row for row in rows if row["target"].startswith("'")]
    for row in rows:
        row |= {"label": "neutral", "certainty": "sure", "evidence": row["sentence"], "note": "'=1"}
        row["target"] = row["target"].removeprefix("'")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "filled.csv").write_text(out.getvalue(), encoding="utf-8", newline="")
    written = import_answers(corpus, tmp_path / "filled.csv")[0].file
    answers = [
        answer for line in written.read_text("utf-8").split("\n") if line for answer in json.loads(line)["judgements"]
    ]
    assert {answer["note"] for answer in answers} == {"=1"}
    assert {answer["evidence"][0]["start"] for answer in answers} == {0}


# --- XML ---


@given(ANY)
@example("\x00\x0b\x1b\ufffe\uffff\ud800\x85 ]]> <!-- & \"'")
def test_any_codebook_makes_xml(codebook):
    headers = ET.fromstring(to_config(codebook)).findall(".//Panel/Header")
    assert bool(headers) == bool(characters.for_xml(codebook).strip())


def test_a_codebook_is_shown_whole(corpus, tmp_path):
    """Label Studio replaces a dollar sign followed by a word with data, or with nothing if there is no such data."""
    export_sheets(corpus, "p2", tmp_path / "sheets")
    view = ET.parse(tmp_path / "sheets" / "config.xml")
    texts = [header.get("value") for header in view.find(".//Collapse").iter("Header")]
    assert "target costs" in texts[-2]
    assert not [text for text in texts if re.search(r"\$[\w\[\].{}]", text)]


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_charts_of_a_hostile_corpus_are_xml_and_hold_no_markup(suffix, data, tmp_path):
    done = invoke("compare", "--chart", tmp_path / f"chart.{suffix}", data=data)
    assert done.code == 0, done.err
    page = (tmp_path / f"chart.{suffix}").read_text("utf-8")
    assert "<script>window.executed" not in page
    if suffix == "svg":
        assert not list(ET.fromstring(page).iter("{http://www.w3.org/2000/svg}script"))


# --- tokens ---


TOKENS = {
    "NUL": f"{SECRET}\0{SECRET}".encode(),
    "byte order mark and a space": f"\ufeff{SECRET} {SECRET}".encode(),
    "UTF-16": SECRET.encode("utf-16"),
    "UTF-16 without a mark": SECRET.encode("utf-16-le"),
    "carriage return": f"{SECRET}\r{SECRET}".encode(),
    "two lines": f"{SECRET}\n{SECRET}".encode(),
    "header": f"{SECRET}\r\nX-Other: {SECRET}".encode(),
    "beyond ASCII": f"{SECRET}é{SECRET}".encode(),
    "Latin-1": f"{SECRET}é".encode("latin-1"),
    "escape": f"\x1b[31m{SECRET}".encode(),
    "quoted": f'"{SECRET}"'.encode(),
    "assignment": f"HF_TOKEN {SECRET}".encode(),
    "percent": f"{SECRET}%0a".encode(),
    "empty": b" \n",
    "well-formed": SECRET.encode() + b"\r\n",
    "with a byte order mark": b"\xef\xbb\xbf" + SECRET.encode(),
}


@pytest.mark.parametrize("way", ["file", "variable", "stored"])
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_no_part_of_a_token_is_told(token, way, tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_bytes(token)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(file if way == "stored" else tmp_path / "no"))
    if way == "variable":
        if b"\0" in token:
            pytest.skip("no variable holds a NUL")
        monkeypatch.setenv("HF_TOKEN", os.fsdecode(token))
    with pytest.raises(HubError) as caught:
        _publish(file if way == "file" else None, tmp_path)
    told = str(caught.value).replace(str(tmp_path), "")
    assert not re.search(r"(?i)s.?e.?c.?r.?e.?t", told)
    assert acting(told.replace("\n", "\r")) == []


def _publish(token_file, folder):
    there = upload.connect(upload.read_token(token_file) if token_file else None, "http://127.0.0.1:9")
    upload.upload(there, upload.plan(there, folder, "org/name", "1.2.0"))


def test_a_hub_that_repeats_the_token_does_not_have_it_printed(tmp_path):
    class Repeating(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(400)
            self.send_header("X-Error-Message", f"bad {self.headers['Authorization']}")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Repeating) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = upload.connect(SECRET, f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(HubError, match="<token>") as caught:
            upload.plan(there, tmp_path, "org/name", "1.2.0")
        server.shutdown()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["NUL", "byte order mark and a space"])
def test_no_part_of_a_token_is_printed(name, harbour_data, tmp_path):
    (tmp_path / "token").write_bytes(TOKENS[name])
    env = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_TOKEN": ""}
    done = run("publish", "--token-file", tmp_path / "token", repo="org/name", data=harbour_data, env=env)
    assert done.code == 1
    assert done.out == ""
    assert (
        done.err
        == f"{tmp_path / 'token'}: spaces, line ends or other characters that a token cannot contain; expected one token, such as hf_ followed by letters and digits\n"
    )


def test_a_password_in_an_address_is_not_told():
    with pytest.raises(HubError, match="HF_ENDPOINT") as caught:
        upload.connect(None, f"http://me:{SECRET}@127.0.0.1:9")
    assert SECRET not in str(caught.value)

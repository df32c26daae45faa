"""The explorer without a browser: what the page holds, and what the server answers."""

import base64
import html
import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from hashlib import sha256
from importlib.resources import files
from itertools import combinations, product

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import kazstance
from kazstance import dataset
from kazstance.cli import app
from kazstance.comparison.disagreements import with_tests
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.explorer.page import SCRIPT as PARTS
from kazstance.explorer.page import embed, page
from kazstance.explorer.rows import COLUMNS, Query, Rows
from kazstance.explorer.server import Explorer
from kazstance.explorer.variants import similar
from kazstance.schema.labels import LABELS
from tests.conftest import HARBOUR

BLOCK = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@pytest.fixture(scope="module")
def shipped():
    return page(DatasetFolder(dataset.SHIPPED)).decode()


@pytest.fixture(scope="module")
def content(shipped):
    return json.loads(BLOCK.search(shipped)[1])


@pytest.fixture(scope="module")
def rows():
    return Rows(DatasetFolder(dataset.SHIPPED))


@pytest.fixture(scope="module")
def server(harbour_data):
    with Explorer(DatasetFolder(harbour_data), 0) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def ask(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def run(*args, code=0):
    result = CliRunner().invoke(app, ["explore", *map(str, args)])
    assert result.exit_code == code, result.output
    return result


@given(st.recursive(st.text() | st.none() | st.integers(), st.lists))
def test_embedded_data_comes_back_and_never_ends_its_block(value):
    block = embed(value)
    assert json.loads(block) == value
    assert not set("<>&\u2028\u2029") & set(block)


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(shipped):
    said = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', shipped)[1])
    rules = dict(rule.split(" ", 1) for rule in said.split("; "))
    for name, pattern in {"script-src": SCRIPT, "style-src": STYLE}.items():
        (inline,) = pattern.findall(shipped)
        assert rules.pop(name) == f"'sha256-{base64.b64encode(sha256(inline.encode()).digest()).decode()}'"
    assert rules.pop("img-src") == "blob:"  # pictures that the page makes itself
    assert rules == dict.fromkeys(["default-src", "connect-src", "base-uri", "form-action"], "'none'")


def test_nothing_is_loaded_and_no_markup_is_made_of_text(shipped):
    code = BLOCK.sub("", shipped)
    loads = re.findall(r"\b(?:src|srcset|action|formaction|poster)\s*=[^;]*|@import|url\(|<link|<iframe|<object", code)
    assert loads == ["src = address"]  # of a picture that the page has made, to be saved
    assert set(re.findall(r"https?://[^\s\"'`]+", code)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc", code)
    assert "style=" not in code


def test_the_page_is_small(shipped):
    assert len(shipped.encode()) < 1_000_000


def test_the_page_says_what_it_holds(content):
    manifest = kazstance.manifest()
    assert (content["dataset"]["digest"], content["dataset"]["version"]) == (manifest.digest, manifest.version)
    stances = sum(file.rows for file in manifest.tables["stances"].values())
    assert content["dataset"]["origins"] == {"silver": stances, "gold": 0}


def test_positions_of_the_page_are_those_of_the_table(content):
    table = kazstance.table("positions")
    assert content["position_columns"] == table.column_names
    assert content["positions"] == [list(row.values()) for row in table.to_pylist()]
    assert len(content["positions"]) == len(content["sources"]) * len(content["targets"])


def test_differences_of_the_page_are_those_of_the_library(content):
    """In the same order, target by target and pair by pair, with the numbers of sources and targets for their ids."""
    found = kazstance.open().compare().disagreements()
    sources, targets = ([row[f"{kind}_id"] for row in content[f"{kind}s"]] for kind in ("source", "target"))
    rows = [dict(zip(content["differences"]["columns"], row, strict=True)) for row in content["differences"]["rows"]]
    assert content["differences"]["summary"] == found.summary
    for row, line in zip(rows, found, strict=True):
        assert (targets[row["target"]], row["verdict"], row["side"]) == (line.target, line.verdict, line.side)
        assert (row["opposite"], row["p"], row["reason"]) == (line.opposite, line.corrected, line.reason)
        for kind in ("silent", "not_asked", "undecided"):
            assert tuple(sources[i] for i in row[kind]) == getattr(line, kind)
        pairs = list(combinations(sources, 2))
        for names, pair, *said in zip(pairs, line.pairs, row["answers"], row["same"], row["more"], strict=True):
            assert names == (pair.one, pair.other)
            if pair.same is None:
                assert said == ["n", None, None]
            else:
                letter = "o" if pair.opposed else pair.answer[0]
                assert said == [letter, *(pytest.approx(1000 * share, abs=0.5) for share in (pair.same, pair.more))]


@pytest.mark.parametrize(("voice", "certainty"), [("own", "sure"), ("own", "unsure"), ("quoted", "")])
def test_positions_by_voice_and_certainty_are_those_of_these_sentences_alone(voice, certainty, content):
    """Counted by SQL; pooled as a table with these rows only."""
    where = f"voice = '{voice}'" + (f" and certainty = '{certainty}'" if certainty else "")
    sql = f"select * from '{kazstance.path('stances') / '*.parquet'}' where {where}"
    kept = duckdb.connect().sql(sql).arrow().read_all()
    alone = kazstance.compare(kept, label="label_name", cluster="paragraph_id")
    ids = [[row[f"{kind}_id"] for row in content[f"{kind}s"]] for kind in ("source", "target")]
    grid = list(product(*ids))
    found = {grid[cell]: figures for cell, *figures in content["variants"][f"{voice}:{certainty}"]}
    cells = {(cell.source, cell.target): cell for cell in alone.positions() if cell.about}
    assert set(found) == set(cells)
    for key, (*counts, net, low, high) in found.items():
        cell = cells[key]
        assert counts == [cell.favor, cell.neutral, cell.against]
        if cell.favor + cell.against:
            assert (net, low, high) == pytest.approx((cell.net.value, cell.net.low, cell.net.high), abs=0.0011)


def test_what_is_alike_stands_next_to_each_other():
    """Sources that say the same, dealt alternately, end up in two blocks; so do targets."""
    label = {True: "favor", False: "against"}
    sentences = [
        {"source_id": f"s{s}", "target_id": f"t{t}", "label_name": label[(s + t) % 2 == 0]}
        for s in range(6)
        for t in range(8)
        for _ in range(5)
    ]
    order = similar(kazstance.compare(sentences, label="label_name").positions(), 6)
    for kind, n in (("sources", 6), ("targets", 8)):
        assert sorted(order[kind]) == list(range(n))
        assert sum(one % 2 != other % 2 for one, other in zip(order[kind], order[kind][1:], strict=False)) == 1


def test_stances_and_judgements_of_the_page_are_those_of_the_tables(content):
    units = [row[COLUMNS["unit"].index("sentence_id")] for row in content["rows"]["units"]]
    targets = [target["target_id"] for target in content["targets"]]
    for kind, name in {"stance": "stances", "judgement": "judgements"}.items():
        label = COLUMNS[kind].index("label_name")
        shown = {(units[row[0]], targets[row[1]], row[label]) for row in content["rows"][name]}
        table = {(row.sentence_id, row.target_id, row.label_name) for row in kazstance.load(name)}
        assert {row for row in table if row[2] != "none"} == {row for row in shown if row[2] != "none"}
        assert shown <= table


def test_evidence_of_the_page_is_that_of_the_table(content):
    units = [row[COLUMNS["unit"].index("text")] for row in content["rows"]["units"]]
    place = COLUMNS["stance"].index("evidence")
    shown = sorted(units[row[0]][start:end] for row in content["rows"]["stances"] for start, end in row[place])
    assert shown == sorted(s.text[e.start : e.end] for s in kazstance.load("stances") for e in s.evidence)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        (Query(source=("old_mole", "russian_maoists"), target=("uprising",)), "source_id in ('old_mole', 'russian_maoists') and target_id = 'uprising'"),
        (Query(label="favor", certainty="unsure"), "label_name = 'favor' and certainty = 'unsure'"),
        (Query(voice="quoted", explicitness="implicit"), "voice = 'quoted' and explicitness = 'implicit'"),
        (Query(split_vote=True), "split_vote"),
        (Query(q="Working  class", label="against"), "lower(text) like '%working%' and lower(text) like '%class%' and label_name = 'against'"),
    ],
)  # fmt: skip
def test_queries_count_what_sql_counts(query, where, rows):
    parquet = kazstance.path("stances") / "*.parquet"
    sql = f"select source_id, target_id, label_name, count(*) from '{parquet}' where {where} group by all"
    expected = {tuple(cell): n for *cell, n in duckdb.connect().sql(sql).fetchall()}
    grid = list(product(rows.sources, rows.targets, LABELS))
    counts = rows.counts(query)
    assert {cell: n for cell, n in zip(grid, counts, strict=True) if n} == expected
    found = rows.sentences(query)
    assert found["stances_total"] == sum(expected.values())
    ids = f"select count(distinct sentence_id) from '{parquet}' where {where}"
    assert [(found["total"],)] == duckdb.connect().sql(ids).fetchall()


def test_search_finds_sentences_without_stances_too(rows):
    found = rows.sentences(Query(q="KAZAKH", limit=5000))
    expected = [row.sentence_id for row in kazstance.load("sentences") if "kazakh" in row.text.lower()]
    units = {unit[0]: unit[2] for unit in found["units"]}
    assert [units[n] for n in found["hits"]] == expected


def test_pages_of_a_text_are_the_text(rows):
    first = rows.sentences(Query(source=("pr_collective",), whole=True, limit=60))
    second = rows.sentences(Query(source=("pr_collective",), whole=True, limit=60, offset=60))
    assert [*first["hits"], *second["hits"]] == list(range(first["hits"][0], first["hits"][0] + first["total"]))
    assert (
        rows.sentences(Query(source=("pr_collective",), whole=True, limit=60, at="pr_collective/30/1"))["offset"] == 60
    )


def test_a_strip_has_each_sentence_with_its_side(rows):
    source, target = "maoist_statement", "uprising"
    found = rows.strip(Query(source=(source,), target=(target,)))
    label = {s.sentence_id: s.label.name for s in kazstance.load("stances") if s.target_id == target}
    units = [unit for unit in kazstance.load("sentences") if unit.source_id == source]
    assert found["ids"] == [unit.sentence_id for unit in units]
    expected = [label[u.sentence_id][0] if u.sentence_id in label else "." if u.annotated else "_" for u in units]
    assert found["sides"] == "".join(expected)
    assert {"f", ".", "_"} <= set(found["sides"])
    some = rows.strip(Query(source=(source,)))["sides"]
    said = {s.sentence_id for s in kazstance.load("stances") if s.source_id == source}
    assert [side == "s" for side in some] == [unit.sentence_id in said for unit in units]


def test_words_are_those_of_the_library(rows):
    found = kazstance.open().compare().wording("russian_state")
    shown = rows.words("russian_state")
    assert len({row[0] for row in shown}) == len(rows.sources)
    for number, source in enumerate(rows.sources):
        expected = [word for word in found if (word.source, word.z > 0, word.count > 1) == (source, True, True)][:10]
        mine = [row[1:] for row in shown if row[0] == number]
        figures = [(word.log_odds.value, word.log_odds.low, word.log_odds.high) for word in expected]
        assert [row[:3] for row in mine] == [[word.word, word.count, word.others] for word in expected]
        assert [row[3:] for row in mine] == [pytest.approx(each, abs=0.0051) for each in figures]
    with pytest.raises(UnknownNameError, match="'x' is not a target"):
        rows.words("x")


def test_agreement_of_two_annotators_is_that_of_the_command(rows):
    """Where one of them found the sentence to be about the target; `kazstance agreement` prints the same share."""
    names = [row.annotator_id for row in kazstance.load("annotators")]
    shares = {(names[i], names[j]): (same / both, both) for i, j, same, both in rows.agreement()}
    lines = [
        line for line in kazstance.open().agreement(by="annotators").lines if line.addressed and " and " in line.scope
    ]
    told = {tuple(line.scope.split(" and ")): (line.addressed.value, line.addressed.n) for line in lines}
    assert told
    for pair, (share, both) in told.items():
        assert shares[pair] == (pytest.approx(share, abs=1e-6), both)


def test_split_pairs_are_those_that_sql_finds(rows):
    judged = kazstance.path("judgements") / "*.parquet"
    of = "select sentence_id, target_id, label_name from '{}' where annotator_id = '{}' and holder is null"
    sql = f"select count(*) from ({of.format(judged, 'f1')}) a join ({of.format(judged, 'f2')}) b using (sentence_id, target_id)"
    sql += " where a.label_name != b.label_name"
    found = rows.splits("f1", "f2")
    assert [(found["total"],)] == duckdb.connect().sql(sql).fetchall()
    units = {unit[0]: unit[2] for unit in found["units"]}
    label = {
        (row["annotator_id"], row["sentence_id"], row["target_id"]): row["label_name"]
        for row in kazstance.table("judgements").to_pylist()
    }
    for n, target, one, other in found["rows"]:
        keys = [(who, units[n], rows.targets[target]) for who in ("f1", "f2")]
        assert [label[key] for key in keys] == [one, other]
    with pytest.raises(UnknownNameError, match="'x' is not a annotator|'x' is not an annotator"):
        rows.splits("x", "f1")


def test_the_history_is_that_of_kazstance_why(rows):
    cell = next(row for row in kazstance.load("grid") if row.basis == "adjudication")
    found = rows.history(cell.sentence_id)
    target = rows.targets.index(cell.target_id)
    shown = {row[2]: row[3] for row in found["judgements"] if row[1] == target}
    known = kazstance.table("judgements").to_pylist()
    wanted = (cell.sentence_id, cell.target_id)
    assert shown == {r["annotator_id"]: r["label_name"] for r in known if (r["sentence_id"], r["target_id"]) == wanted}
    (settled,) = [row for row in found["settled"] if row[1] == target]
    told = dict(zip(COLUMNS["settled"], settled, strict=True))
    assert {name: told[name] for name in ("basis", "adjudicator", "rule", "reason")} == {
        "basis": "adjudication",
        "adjudicator": "a2",
        "rule": cell.rule,
        "reason": cell.reason,
    }


def test_wrong_names_and_fields_are_said(rows):
    with pytest.raises(UnknownNameError, match="'me' is not a source; choose from old_mole"):
        rows.sentences(Query(source=("me",)))
    with pytest.raises(UnknownNameError, match="'x' is not a sentence"):
        rows.history("x")
    with pytest.raises(KazstanceError, match=r"(?s)label: 'pro'.*size: '1'"):
        Query.parse({"label": ["pro"], "size": ["1"]})


def test_the_server_answers_page_and_questions(server, harbour_data):
    response, body = ask(server, "/")
    assert response.status == 200
    assert json.loads(BLOCK.search(body.decode())[1])["rows"] is None
    assert "connect-src &#x27;self&#x27;" in body.decode()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    response, body = ask(server, "/sentences?source=dockers&target=toll")
    assert json.loads(body) == Rows(DatasetFolder(harbour_data)).sentences(Query(source=("dockers",), target=("toll",)))
    assert sum(json.loads(ask(server, "/counts")[1])) == len(kazstance.load("stances", data=harbour_data))
    assert json.loads(ask(server, "/history?sentence=dockers/5/2")[1])["settled"]


def test_the_server_answers_for_each_source(server, harbour_data):
    found = json.loads(ask(server, "/each?source=merchants&source=dockers&target=toll")[1])
    rows = Rows(DatasetFolder(harbour_data))
    assert found == [rows.sentences(Query(source=(one,), target=("toll",))) for one in ("merchants", "dockers")]


def test_long_tests_run_beside_the_server(harbour_data, monkeypatch):
    """The page is there at once and says that they run; both answers and page are then those of the file."""
    folder, may_run = DatasetFolder(harbour_data), threading.Event()
    monkeypatch.setattr("kazstance.explorer.server.AT_ONCE", 0)
    monkeypatch.setattr(
        "kazstance.explorer.server.with_tests", lambda *given: with_tests(*given) if may_run.wait(30) else None
    )
    with Explorer(folder, 0) as server:
        pending = json.loads(BLOCK.search(server.page.decode())[1])["differences"]
        assert pending["pending"]
        assert {row[pending["columns"].index("p")] for row in pending["rows"]} == {None}
        assert server.differences is None
        may_run.set()
        server.tests.join(30)
        found = json.loads(BLOCK.search(page(folder).decode())[1])["differences"]
        assert not found["pending"]
        assert json.loads(json.dumps(server.differences)) == found
        assert json.loads(BLOCK.search(server.page.decode())[1])["differences"] == found


@pytest.mark.parametrize(
    ("path", "headers", "status", "message"),
    [
        ("/", {"Host": "evil.example"}, 421, "this server is http://127.0.0.1:"),
        ("/sentences", {"Host": "evil.example:80"}, 421, "this server is http://127.0.0.1:"),
        ("/../../etc/passwd", {}, 404, "nothing here"),
        ("/..%2f..%2fetc%2fpasswd", {}, 404, "nothing here"),
        ("//etc/passwd", {}, 404, "nothing here"),
        ("/sentences?source=me", {}, 400, "'me' is not a source; choose from dockers"),
        ("/sentences?limit=9999999", {}, 400, "limit: '9999999': "),
        ("/sentences?nonsense=1", {}, 400, "nonsense"),
        ("/history", {}, 400, "'' is not a sentence"),
    ],
)
def test_the_server_refuses(server, path, headers, status, message):
    response, body = ask(server, path, **headers)
    assert (response.status, message in json.loads(body)["error"]) == (status, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_the_server_only_reads(server, method):
    assert ask(server, "/", method)[0].status == 501


def test_the_server_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_an_error(server, harbour_data):
    result = run("--serve", "--port", server.server_port, "--data", harbour_data, code=1)
    assert f"port {server.server_port}: Address already in use; choose another with --port" in result.stderr


def test_the_command_writes_one_file(tmp_path, shipped):
    out = tmp_path / "new" / "page.html"
    assert run("--out", out).stdout.startswith(f"wrote {out}, ")
    assert out.read_text(encoding="utf-8") == shipped
    assert [path.name for path in out.parent.iterdir()] == ["page.html"]


def test_a_corpus_folder_is_built_first(tmp_path, harbour_data):
    run(HARBOUR, "--out", tmp_path / "a.html")
    run(harbour_data, "--out", tmp_path / "b.html")
    a, b = (json.loads(BLOCK.search((tmp_path / name).read_text(encoding="utf-8"))[1]) for name in ("a.html", "b.html"))
    assert a == b
    assert a["dataset"]["id"] == "harbour"


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["nowhere"], 1, "nowhere has neither manifest.json nor sources.toml; expected a dataset or a corpus folder"),
        (["--serve", "--out", "x.html"], 2, "--serve does not write a file"),
        ([str(HARBOUR), "--data", str(HARBOUR)], 2, "both CORPUS and --data name the data"),
    ],
)
def test_what_cannot_be_explored_is_said(args, code, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in " ".join(run(*args, code=code).stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_broken_corpus_leaves_the_page_that_was_there(harbour, tmp_path):
    out = tmp_path / "page.html"
    out.write_text("old")
    (harbour / "targets.toml").write_text("nonsense = 1")
    assert "targets.toml" in run(harbour, "--out", out, code=1).stderr
    assert out.read_text() == "old"


def test_serve_as_a_real_process_ends_cleanly(harbour_data):
    command = [sys.executable, "-m", "kazstance", "explore", "--serve", "--port", "0", "--data", str(harbour_data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        port = int(re.match(r"http://127\.0\.0\.1:(\d+)/", said)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        with connection.getresponse() as response:
            assert (response.status, len(response.read()) > 10_000) == (200, True)
        connection.close()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_every_part_of_the_script_is_in_the_page():
    assert {path.name for path in (files("kazstance.explorer") / "script").iterdir()} == {
        f"{part}.js" for part in PARTS
    }

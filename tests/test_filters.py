"""Which rows match a filter: Python and the script of the page give the same answers, those that are written down."""

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazstance.explorer.filters import FILTERS, matching, narrows, terms
from kazstance.explorer.rows import Query

VECTORS = json.loads((Path(__file__).parent / "fixtures" / "filters.json").read_text(encoding="utf-8"))
CASES = VECTORS["cases"]
HARNESS = """
const { code, table, given } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const api = new Function("data", `${code}; return { matching, narrows, terms };`)({ filters: table });
const places = (rows, test) => rows.flatMap((row, i) => (test(row) ? [i] : []));
const value = (row, column) => (column === "lower" ? row.text.toLowerCase() : row[column]);
console.log(JSON.stringify(given.cases.map(({ query }) => ({
  units: places(given.units, api.matching("unit", query, value)),
  stances: places(given.stances, api.matching("stance", query, value)),
  narrows: api.narrows(query),
  terms: api.terms(query.q),
}))));
"""


def columns(rows):
    found = {name: pa.chunked_array([[row[name] for row in rows]]) for name in rows[0]}
    found |= {name: np.array([row[name] for row in rows]) for name in ("source", "target") if name in rows[0]}
    return found | ({"lower": pc.utf8_lower(found["text"])} if "text" in found else {})


def in_python(query):
    asked = {key: tuple(value) if isinstance(value, list) else value for key, value in query.items()}
    found = {
        f"{kind}s": np.flatnonzero(matching(kind, asked, columns(rows), len(rows))).tolist()
        for kind, rows in (("unit", VECTORS["units"]), ("stance", VECTORS["stances"]))
    }
    return found | {"narrows": narrows(asked), "terms": [term._asdict() for term in terms(query.get("q", ""))]}


def in_node(given_vectors):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; the script of the page is only run by a browser here")
    code = (files("kazstance.explorer") / "script" / "filters.js").read_text(encoding="utf-8")
    table = [one._asdict() for one in FILTERS]
    said = json.dumps({"code": code, "table": table, "given": given_vectors})
    done = subprocess.run([node, "-e", HARNESS], input=said, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["query"], ensure_ascii=False))
def test_python_matches_what_is_written_down(case):
    found = in_python(case["query"])
    assert {key: found[key] for key in ("units", "stances", "narrows")} == {
        key: case[key] for key in ("units", "stances", "narrows")
    }


def test_the_script_matches_what_is_written_down_and_reads_searches_as_python_does():
    for case, found in zip(CASES, in_node(VECTORS), strict=True):
        assert {key: case[key] for key in ("units", "stances", "narrows")} | {"terms": found["terms"]} == found
        assert found["terms"] == in_python(case["query"])["terms"]


def test_each_filter_of_a_query_is_in_the_table_and_in_the_vectors():
    places = {"whole", "at", "offset", "limit"}
    assert {one.key for one in FILTERS} == set(Query.model_fields) - places
    assert {key for case in CASES for key in case["query"]} == {one.key for one in FILTERS}


@given(st.text(max_size=40))
def test_every_search_finds_a_text_made_of_its_terms(sought):
    wanted = [term for term in terms(sought) if not term.excluded]
    text = " | ".join(term.text for term in wanted)
    if not any(term.excluded and term.text in text for term in terms(sought)):
        row = {"source": np.zeros(1), "voice": pa.chunked_array([["own"]]), "lower": pa.chunked_array([[text]])}
        assert matching("unit", {"q": sought}, row, 1).tolist() == [True]

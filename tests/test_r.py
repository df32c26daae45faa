"""The page "From R and Stata", run by R: it sees the same counts and labels."""

import csv
import re
import shutil
import subprocess

import pytest

import kazstance
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "from_r_and_stata.md"
BLOCK = re.compile(r"(?ms)^```r\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?")
COUNTS = """
library(haven)
for (kind in c("dta", "sav")) {
  rows <- if (kind == "dta") read_dta("stances.dta") else read_sav("stances.sav")
  rows$label <- as_factor(rows$label)
  counted <- as.data.frame(table(source = rows$source_id, target = rows$target_id, label = rows$label))
  write.csv(counted[counted$Freq > 0, ], paste0(kind, ".csv"), row.names = FALSE)
  writeLines(enc2utf8(rows$text), paste0(kind, ".txt"), useBytes = TRUE)
}
"""
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed; .ci/run installs it"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the page exports."""
    place, dataset = tmp_path_factory.mktemp("r"), kazstance.open()
    for name in ("stances", "positions", "sources"):
        dataset[name].to_stata(place / f"{name}.dta")
        dataset[name].to_spss(place / f"{name}.sav")
    return place


def r(code, folder):
    file = folder / "code.R"
    file.write_text(code, encoding="utf-8")
    done = subprocess.run(["Rscript", file], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_runs_and_prints_what_it_shows(folder):
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) > 4
    marked = "".join(f'{code}cat("=====\\n")\n' for code, _ in blocks)
    printed = r(marked, folder).split("=====\n")
    for (code, shown), out in zip(blocks, printed[:-1], strict=True):
        lines = [[line.rstrip() for line in text.strip().splitlines()] for text in (shown, out)]
        assert not shown or lines[0] == lines[1], code
    assert (folder / "csto_intervention.svg").stat().st_size > 1_000


def test_r_sees_the_same_counts_labels_and_texts(folder):
    r(COUNTS, folder)
    rows = kazstance.open().stances.to_arrow().to_pylist()
    expected = {}
    for row in rows:
        key = row["source_id"], row["target_id"], row["label"]
        expected[key] = expected.get(key, 0) + 1
    for kind in ("dta", "sav"):
        with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            found = {tuple(row[:3]): int(row[3]) for row in list(csv.reader(file))[1:]}
        assert found == expected, kind
        assert (folder / f"{kind}.txt").read_text(encoding="utf-8").splitlines() == [row["text"] for row in rows]

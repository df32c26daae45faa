"""Workbooks opened and saved by LibreOffice: every cell comes back, and none is a formula."""

import shutil
import subprocess

import openpyxl
import pyarrow as pa
import pytest

import kazstance
from kazstance.output.described import Described
from kazstance.output.workbook import xlsx
from tests.test_export_labelled import HOSTILE

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed; .ci/run installs it"),
]


def saved_again(file, place):
    """A workbook after LibreOffice has opened and saved it."""
    profile = f"-env:UserInstallation=file://{place / 'profile'}"
    command = [
        OFFICE,
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        place / "saved",
        file,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return openpyxl.load_workbook(place / "saved" / file.name)


@pytest.mark.parametrize("name", ["stances", "targets", "positions"])
def test_a_table_comes_back(name, tmp_path):
    kazstance.open()[name].to_excel(tmp_path / "table.xlsx")
    before, after = openpyxl.load_workbook(tmp_path / "table.xlsx"), saved_again(tmp_path / "table.xlsx", tmp_path)
    for sheet in ("rows", "columns"):
        rows = [
            [["" if cell is None else cell for cell in row] for row in book[sheet].values] for book in (before, after)
        ]
        assert len(rows[0]) == len(rows[1])
        for one, other in zip(*rows, strict=True):
            assert one == pytest.approx(other) if all(isinstance(cell, float) for cell in one) else one == other


def test_no_cell_becomes_a_formula(tmp_path):
    (tmp_path / "hostile.xlsx").write_bytes(xlsx(Described(pa.table({"text": HOSTILE}))))
    cells = [row[0] for row in saved_again(tmp_path / "hostile.xlsx", tmp_path)["rows"].iter_rows(min_row=2)]
    assert [cell.value or "" for cell in cells][: len(HOSTILE) - 1] == HOSTILE[:-1]
    assert {cell.data_type for cell in cells} <= {"s", "n"}

"""Pictures of the sheets that annotators get, as LibreOffice shows them: `python docs/pictures.py`."""

import os
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from kazstance.cli import app

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
HARBOUR = ROOT / "tests" / "fixtures" / "harbour" / "texts"
TEXTS = [f"--text={HARBOUR / name}.txt" for name in ("dockers", "gazette", "merchants")]
NEW = ["new", "toll", "--title=The toll of Port Lenz", *TEXTS, "--target=the harbour toll", "--target=the strike"]
SHEETS = {
    "sheet_wide": (["--layout", "wide", "--labels-only"], 12, 7),
    "sheet_tall": (["--target", "the_harbour_toll"], 13, 7),
}
"""The options of each sheet, and how many columns and rows of it are shown."""
SIZE = {"width": 1700, "height": 700}
LOOK = """
table { border-collapse: collapse; zoom: 1.15; }
td { border: 1px solid #b5b5b5; padding: 3px 5px; font-family: Carlito, Calibri, sans-serif !important; }
"""
TRIM = """([columns, rows]) => {
    const table = document.querySelector("table");
    [...table.rows].slice(rows).forEach(row => row.remove());
    [...table.rows].forEach(row => [...row.cells].slice(columns).forEach(cell => cell.remove()));
    table.querySelectorAll("colgroup").forEach(group => group.remove());
    table.style.width = "1420px";
}"""


def run(*words: str) -> None:
    """Run a command of the program."""
    done = CliRunner().invoke(app, list(words))
    if done.exit_code:
        raise SystemExit(done.output)


def main() -> None:
    """Write the pictures into docs/images."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.chdir(scratch)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        run(*NEW)
        for annotator, (name, (options, columns, rows)) in zip(("ada", "ben"), SHEETS.items(), strict=True):
            run("annotate", "export", "toll", f"--annotator={annotator}", "--format=xlsx", f"--out={name}", *options)
            convert = ["soffice", "--headless", "--convert-to", "html", "--outdir", name, f"{name}/sheet.xlsx"]
            subprocess.run(convert, check=True, capture_output=True)  # noqa: S603  # a command of our own
            page.goto(f"file://{scratch}/{name}/sheet.html")
            page.add_style_tag(content=LOOK)
            page.evaluate(TRIM, [columns, rows])
            page.locator("table").first.screenshot(path=IMAGES / f"{name}.png")
            print(f"wrote {name}.png")
        browser.close()


if __name__ == "__main__":
    main()

"""python -m benchmarks.screenshots: the chart in README, and pictures of the explorer, taken in Debian's Chromium."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import kazstance
from kazstance import dataset
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.explorer.page import page
from kazstance.output.files import write_file

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SHOTS = {
    "explorer_differences.png": ("#differences", "light"),
    "explorer_two_sources.png": ("#differences?source=old_mole&source=pr_collective", "light"),
    "explorer_matrix.png": ("#matrix?targets=claim&open=maoist_statement:west_wants_calm", "light"),
    "explorer_compare.png": ("#compare?target=russia_from_weakness", "dark"),
}
DIFFERENT = 6
"""How many of the targets most probably with opposite sides the chart in README shows."""
AGREED = 2
"""How many of those on which all are most probably on one side."""
ON_FIRST_PAGE = DIFFERENT + AGREED
FIRST_ZOOM = 1.4
"""How much larger than on paper it is shown, so that its type is legible on a screen."""
SIZE = {"width": 1420, "height": 980}
SCALE = 0.8


def first_chart() -> str:
    """All sources on one line for the targets most and least probably with opposite sides, as SVG."""
    compared = kazstance.open().compare()
    found = sorted(compared.disagreements(), key=lambda line: -1 if line.opposite is None else line.opposite)
    agreed = [line for line in found if line.verdict == "one side"]
    shown = [*found[: -DIFFERENT - 1 : -1], *agreed[:AGREED]]
    return compared.plot.disagreements(targets=[line.target for line in shown]).to_svg(zoom=FIRST_ZOOM)


def main() -> None:
    """Draw and take them.

    Raises:
        KazstanceError: there is no Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise KazstanceError("chromium is not installed; run: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    write_file(first_chart().encode(), IMAGES / "differences.svg")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        file = Path(scratch) / "page.html"
        file.write_bytes(page(DatasetFolder(dataset.SHIPPED)))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (view, scheme) in SHOTS.items():
            options = {"viewport": SIZE, "device_scale_factor": SCALE, "color_scheme": scheme, "offline": True}
            context = browser.new_context(**options)  # type: ignore[arg-type]
            tab = context.new_page()
            tab.goto(file.as_uri() + view)
            tab.wait_for_selector("html[data-shown]")
            tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            tab.wait_for_timeout(300)
            tab.screenshot(path=IMAGES / name)
            print(f"{name}: {(IMAGES / name).stat().st_size:,} bytes")
        browser.close()


if __name__ == "__main__":
    main()

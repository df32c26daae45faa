"""Charts as SVG, PNG, PDF and HTML, from one drawing, at a width in millimetres; written whole or not at all."""

import re
from collections.abc import Callable
from html import escape
from typing import Final

import altair
import vl_convert

from kazstance.errors import KazstanceError
from kazstance.output.files import write_file
from kazstance.output.suffix import CHARTS, suffix_of
from kazstance.paths import StrPath
from kazstance.plot.sheet import NARROWEST_MM, POINTS, WIDEST_MM, WIDTH_MM, Sheet

Drawing = Callable[[float], Sheet]
"""Draws a sheet of a width in millimetres."""
DPI: Final = 300
"""Pixels per inch of a PNG."""
LOWEST_DPI: Final = 36
HIGHEST_DPI: Final = 2400
MOST_PIXELS: Final = 400_000_000
"""Pixels of a PNG; so many take about 2 GB to draw."""
PHONE_MM: Final = 89.0
"""The width of the drawing that a narrow window shows: a column of a journal, and of a phone."""
ROOT: Final = re.compile(r'(<svg [^>]*?)width="([\d.]+)" height="([\d.]+)"')
PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ margin: 0; padding: 1rem; background: #ffffff; color: #1a1a1a; color-scheme: light; }}
svg {{ display: block; max-width: 100%; height: auto; margin: 0 auto; }}
.narrow {{ display: none; }}
@media (max-width: {wide:.0f}px) {{ .wide {{ display: none; }} .narrow {{ display: block; }} }}
</style>
</head>
<body>
<main>
<div class="wide">{sheet}</div>
<div class="narrow">{narrow}</div>
</main>
</body>
</html>
"""


def check_size(width_mm: float, dpi: float) -> None:
    """Check the size of a chart.

    Raises:
        KazstanceError: the width or the resolution is out of range.
    """
    if not NARROWEST_MM <= width_mm <= WIDEST_MM:
        raise KazstanceError(f"width: {width_mm:g} mm, expected {NARROWEST_MM:g} to {WIDEST_MM:g}")
    if not LOWEST_DPI <= dpi <= HIGHEST_DPI:
        raise KazstanceError(f"resolution: {dpi:g} dpi, expected {LOWEST_DPI} to {HIGHEST_DPI}")


def check_pixels(sheet: Sheet, dpi: float) -> None:
    """Check that a PNG of a sheet is not too large to be drawn.

    Raises:
        KazstanceError: it would have too many pixels.
    """
    if sheet.width * sheet.height * (dpi / 72) ** 2 > MOST_PIXELS:
        most = int(72 * (MOST_PIXELS / (sheet.width * sheet.height)) ** 0.5)
        raise KazstanceError(
            f"resolution: {dpi:g} dpi, expected at most {most} for a chart of {sheet.width / POINTS:.0f} by "
            f"{sheet.height / POINTS:.0f} mm; save it as .svg or .pdf, which have no pixels"
        )


def to_svg(sheet: Sheet, zoom: float = 1) -> str:
    """A sheet as SVG, as wide on paper as it was laid out, with its title; its type is text.

    Args:
        sheet: the sheet.
        zoom: how much larger it is shown, such as on a screen.
    """
    svg = vl_convert.vegalite_to_svg(sheet.spec())
    wide, high = (f"{zoom * points / POINTS:.2f}mm" for points in (sheet.width, sheet.height))
    sized = ROOT.sub(rf'\g<1>width="{wide}" height="{high}"', svg, count=1)
    return re.sub(r"(<svg [^>]*>)", lambda found: f"{found[1]}<title>{escape(sheet.title)}</title>", sized, count=1)


def save(draw: Drawing, path: StrPath, width_mm: float = WIDTH_MM, dpi: float = DPI) -> None:
    """Write a chart as SVG, PNG, PDF or HTML, depending on the suffix of the path; whole or not at all.

    A PNG states its resolution. The HTML loads nothing, and in a narrow window shows a narrower drawing.

    Args:
        draw: draws it at a width in millimetres.
        path: the file.
        width_mm: how wide it is on paper, 60 to 1000 mm.
        dpi: pixels per inch of a PNG, 36 to 2400.

    Raises:
        UnknownNameError: any other suffix; the message lists the valid ones.
        KazstanceError: the width or the resolution is out of range, or a PNG would have more than 400 million pixels.
    """
    suffix = suffix_of(path, "kind of chart", CHARTS)
    check_size(width_mm, dpi)
    sheet = draw(width_mm)
    if suffix == ".svg":
        content = to_svg(sheet).encode()
    elif suffix == ".html":
        content = to_page(sheet, draw(min(width_mm, PHONE_MM))).encode()
    elif suffix == ".pdf":
        content = vl_convert.vegalite_to_pdf(sheet.spec())
    else:
        check_pixels(sheet, dpi)
        content = vl_convert.vegalite_to_png(sheet.spec(), scale=1, ppi=dpi)
    write_file(content, path)


def to_page(sheet: Sheet, narrow: Sheet) -> str:
    """A sheet as a page of HTML, with the drawing that a narrow window shows instead."""
    wide = sheet.width / 72 * 96 + 32
    return PAGE.format(title=escape(sheet.title or "Chart"), wide=wide, sheet=to_svg(sheet), narrow=to_svg(narrow))


def to_altair(sheet: Sheet) -> altair.Chart:
    """A sheet as an Altair chart, to be modified and saved by Altair."""
    chart: altair.Chart = altair.Chart.from_dict(sheet.spec(), validate=False)
    return chart

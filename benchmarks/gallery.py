"""python -m benchmarks.gallery: draws the pictures of the gallery from the shipped data, and writes its page."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import kazstance
from kazstance.output.files import write_file

DOCS: Final = Path(__file__).parents[1] / "docs"
ENLARGED: Final = 1.35
"""How much larger than on paper a chart is shown on a screen."""


class Picture(NamedTuple):
    """A picture of the gallery: its name and title, what it tells, and how to draw it, in Python and by a command."""

    name: str
    title: str
    tells: str
    python: str
    command: str
    draw: Callable[[kazstance.Comparison], kazstance.Chart]


THREE: Final = ("old_mole", "pr_collective", "maoist_statement")
PICTURES: Final = (
    Picture(
        "disagreements",
        "Where the sources differ",
        "One row for each target, from the surest difference down. A letter is a source, its line the 95 % interval.\n"
        "At the right is what can be said of the target, and whether chance alone could do it.",
        'compared.plot.disagreements().save("disagreements.pdf")',
        "kazstance compare disagreements --chart disagreements.pdf",
        lambda compared: compared.plot.disagreements(),
    ),
    Picture(
        "positions",
        "Where each source stands",
        "The whole grid: from against, on the left of a cell, to in favor, on its right. Silence is said, never drawn\n"
        "as 0. Where the columns are too narrow for intervals, as with many sources, cells are coloured.",
        'compared.plot.positions().save("positions.pdf")',
        "kazstance compare positions --chart positions.pdf",
        lambda compared: compared.plot.positions(),
    ),
    Picture(
        "column",
        "A selection for one column of a journal",
        "The same chart, 89 mm wide, of three sources, and the targets with the most sentences first.",
        f"chart = compared.plot.positions(sources={list(THREE)}, order='salience')\n"
        "chart.save('column.png', width_mm=89, dpi=600)".replace("'", '"'),
        "kazstance compare --chart column.png --width-mm 89 --dpi 600 --order salience "
        + " ".join(f"--only-source {name}" for name in THREE),
        lambda compared: compared.plot.positions(sources=THREE, order="salience"),
    ),
    Picture(
        "salience",
        "What each source writes about",
        "A panel for each source, in which a mark is a target: how high it is says how much of the text is about the\n"
        "target, and how far left or right it is, on which side.",
        'compared.plot.salience().save("salience.pdf")',
        "kazstance compare positions --draw salience --chart salience.pdf",
        lambda compared: compared.plot.salience(),
    ),
    Picture(
        "distances",
        "How far the sources are apart",
        "Over all targets: a map with the circles in which 95 % of the draws lie, and the tree that joins the nearest\n"
        "first.",
        'compared.plot.distances().save("distances.pdf")',
        "kazstance compare distances --chart distances.pdf",
        lambda compared: compared.plot.distances(),
    ),
)
WIDTHS: Final = {"column": 89.0}
"""The width of a picture in millimetres, if it is not the usual one."""
HEAD: Final = """# Gallery

Every chart is drawn from a comparison, in Python or on the command line, and saved as `.svg`, `.pdf`, `.png` or
`.html`. It is laid out for the width it will have on paper, and no type in it is smaller than 7 pt. Up to 60 sources
can be told apart. A copy in grey says the same: the side is told by sign and shape besides colour, and how dark it is
says how sure it is. At the foot of each chart stand the data it was drawn from and their digest. All charts need the
extra `plots`.

```python
import kazstance as ks

compared = ks.open().compare()
```
"""


def page() -> str:
    """The page that shows the pictures."""
    parts = [HEAD]
    for picture in PICTURES:
        parts.append(
            f"## {picture.title}\n\n{picture.tells}\n\n![{picture.title}](images/{picture.name}.svg)\n\n"
            f"```python\n{picture.python}\n```\n\n```console\n$ {picture.command}\n…\n```\n"
        )
    return "\n".join(parts)


def charts() -> dict[str, str]:
    """The pictures by name, as SVG."""
    compared = kazstance.open().compare()
    return {
        picture.name: picture.draw(compared).to_svg(WIDTHS.get(picture.name, 160.0), zoom=ENLARGED)
        for picture in PICTURES
    }


def main() -> None:
    """Draw the pictures and write the page."""
    for name, svg in charts().items():
        write_file(svg.encode(), DOCS / "images" / f"{name}.svg")
        print(f"{name}.svg: {len(svg.encode()):,} bytes")
    write_file(page().encode(), DOCS / "gallery.md")


if __name__ == "__main__":
    main()

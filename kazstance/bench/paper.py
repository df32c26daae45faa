"""A leaderboard as a LaTeX table for a paper, with the signature underneath."""

from collections.abc import Iterable, Sequence
from typing import Final

from kazstance.bench.report import Section, sections
from kazstance.bench.result import Result
from kazstance.bench.sheets import Line
from kazstance.output.latex import figure, latex, latex_table, signature

PREAMBLE: Final = (
    r"""% Needs \usepackage{booktabs}; for letters beyond Latin, lualatex or xelatex and a font that has them."""
)


def to_latex(results: Iterable[Result]) -> str:
    """Results from `side_by_side` as tables, one for each task and protocol."""
    return "\n\n".join([PREAMBLE, *map(_table, sections(results))]) + "\n"


def _table(section: Section) -> str:
    sheet = section.sheets[0]
    shortcuts, systems = ([line for line in sheet.lines if line.is_shortcut == kind] for kind in (True, False))
    facts = (
        "Shortcuts, in italics, read no text or ignore the target; lift is over the best of them, and p is corrected "
        "for all comparisons (Holm). Brackets hold 95 % intervals."
    )
    caption = latex(f"{section.title}: {section.facts}. {facts}")
    below = [*map(latex, [*section.warnings, *section.undefined]), *map(signature, section.common)]
    return latex_table(caption, [latex(name) for name in sheet.header], [_lines(shortcuts), _lines(systems)], below)


def _lines(lines: Sequence[Line]) -> list[list[str]]:
    return [
        [rf"\textit{{{latex(line.name)}}}" if line.is_shortcut else latex(line.name), *map(figure, line.cells)]
        for line in lines
    ]

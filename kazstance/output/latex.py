"""LaTeX in which outside text stays plain text: it forms no command, no mathematics, no comment and no cell."""

import re
from collections.abc import Sequence
from typing import Final

from kazstance.output.characters import safe

ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "`": r"\char96{}",
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
}
"""How characters with a meaning are written."""
SPECIAL: Final = re.compile("[" + re.escape("".join(ESCAPES)) + "]|-(?=-)|,(?=,)|'(?=')")
"""Such a character, or one that would join the next one to a dash or a quotation mark."""


def latex(text: object) -> str:
    """A text taken literally anywhere in a document; runs of white space become one space."""
    line = safe(" ".join(str(text).split()))
    return SPECIAL.sub(lambda found: ESCAPES.get(found[0], found[0] + "{}"), line)


def figure(text: str) -> str:
    """A figure, or an interval: hyphens before digits are minus signs."""
    return re.sub(r"-(?=\d)", "$-$", latex(text))


def signature(text: str) -> str:
    """A signature in typewriter type, which may break after each field."""
    fields = (r"\textbar{}\allowbreak{}").join(map(latex, text.split("|")))
    return rf"\texttt{{{fields}}}"


def latex_table(
    caption: str, header: Sequence[str], groups: Sequence[Sequence[Sequence[str]]], below: Sequence[str]
) -> str:
    """A floating table with the rules of booktabs, and text underneath; everything given is LaTeX already.

    Args:
        caption: the caption.
        header: the heads of the columns; the first is aligned left, the others right.
        groups: groups of lines, with a rule between them; empty ones are left out.
        below: paragraphs underneath.
    """
    lines = [r" & ".join(header) + r" \\"]
    for group in filter(None, groups):
        lines += [r"\midrule", *(" & ".join(cells) + r" \\" for cells in group)]
    columns = "l" + "r" * (len(header) - 1)
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\small",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\smallskip\parbox{{\linewidth}}{{\footnotesize\raggedright {text}}}" for text in below),
            r"\end{table}",
        ]
    )

"""The one way to a terminal: everything that commands print passes through here and cannot control the terminal."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import table
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook, RenderResult
from rich.segment import Segment
from rich.text import Text

from kazstance.output.characters import safe, safe_line

__all__ = ["Table", "console", "display", "echo", "echo_page", "safe", "safe_line", "styled", "write"]


def echo(*lines: object, err: bool = False) -> None:
    """Print each value as one line, on standard output or standard error; line feeds in it are written as escapes."""
    if lines:
        echo_page("".join(safe_line(str(line)) + "\n" for line in lines), err=err)


def echo_page(page: str, *, err: bool = False) -> None:
    """Print a text of several lines made by the program; a missing final line feed is added."""
    print(safe(page.removesuffix("\n")), file=sys.stderr if err else sys.stdout, flush=True)


def write(pieces: Iterable[bytes]) -> None:
    """Write the content of a file to standard output: unchanged into a pipe or file, escaped on a terminal."""
    for content in pieces:
        if sys.stdout.isatty():
            echo_page(content.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
        else:
            sys.stdout.buffer.write(content)


def display(*pages: RenderableType) -> None:
    """Print tables and styled text."""
    console().print(*pages, sep="\n")


def styled(content: str, style: str = "") -> Text:
    """A styled text."""
    return Text(safe(content), style)


class Table(table.Table):
    """A table whose text is made safe before its columns are measured."""

    def add_column(self, header: RenderableType = "", *args: Any, **settings: Any) -> None:
        """Append a column.

        Args:
            header: its header.
            args: as rich takes them.
            settings: as rich takes them.
        """
        super().add_column(_cell(header), *args, **settings)

    def add_row(self, *cells: RenderableType | None, **settings: Any) -> None:
        """Append a row."""
        super().add_row(*(cell if cell is None else _cell(cell) for cell in cells), **settings)


def console(*, err: bool = False) -> Console:
    """A console for tables, styled text and progress bars, on which markup and emoji codes are plain text."""
    made = Console(stderr=err, highlight=False, markup=False, emoji=False)
    made.push_render_hook(_Guard())
    return made


class _Guard(RenderHook):
    """Makes everything that a console prints safe, in case it did not go through `styled` or `Table`."""

    def process_renderables(self, renderables: Sequence[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """The same renderables, guarded."""
        return [_Guarded(renderable) for renderable in renderables]


class _Guarded:
    """Something to print, with text made safe after styles are applied and before they become control sequences."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _safe_segments(console.render(self.inner, options))


def _safe_segments(segments: Iterable[Segment]) -> Iterable[Segment]:
    for segment in segments:
        yield segment if segment.control else Segment(safe(segment.text), segment.style)


def _cell(cell: RenderableType) -> RenderableType:
    return safe(cell) if isinstance(cell, str) else cell

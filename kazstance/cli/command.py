"""What all commands share: the application, how a command is registered, and common options."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, ParamSpec

import typer
from typer.core import TyperGroup

from kazstance.errors import KazstanceError, MissingExtraError, UnknownNameError
from kazstance.output.terminal import echo_page, safe_line

WRONG_USAGE: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[2]
"""The error that all errors of usage are derived from, of whichever click typer brings."""


class Commands(TyperGroup):
    """The commands; what is wrong with their usage is told without characters that act on the terminal."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Parse the arguments before the name of a command."""
        with _safe_usage():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Parse the arguments of a command, and run it."""
        with _safe_usage():
            return super().invoke(ctx)


@contextmanager
def _safe_usage() -> Iterator[None]:
    try:
        yield
    except WRONG_USAGE as error:
        error.message = safe_line(error.message)
        raise


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)
P = ParamSpec("P")
Data = Annotated[Path, typer.Option("--data", help="A built dataset; without it, the one that comes with kazstance.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Delimiter = Annotated[
    str | None, typer.Option(help="Between fields: a character, or tab; else a comma in .csv, a tab in .tsv and .txt.")
]
Encoding = Annotated[str, typer.Option(help="Of .csv, .tsv and .txt, as utf-8 or windows-1252.")]
Split = Annotated[str | None, typer.Option(help="A split; without it, all of them.")]


@app.callback()
def main() -> None:
    """Comparative stance: look into a dataset of stances, take it elsewhere, or make one."""


def command(function: Callable[P, None], group: typer.Typer = app) -> Callable[P, None]:
    """Register a command that says a domain error without a traceback: exit code 2 for a wrong name, else 1."""

    @group.command(function.__name__.strip("_").replace("_", "-"))
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except KazstanceError as error:
            echo_page(str(error), err=True)
            raise typer.Exit(2 if isinstance(error, UnknownNameError) else 1) from None

    return run


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say which extra brings a package that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "a package", name) from None


def delimiter_of(name: str | None) -> str | None:
    """A delimiter by its name or as itself.

    Raises:
        UnknownNameError: it is more than one character, not of ASCII, or one that ends lines or quotes fields.
    """
    found = "\t" if name == "tab" else name
    if found is not None and (len(found) != 1 or not found.isascii() or found in '\0\r\n"'):
        raise UnknownNameError(name, "delimiter", ("tab", "any one character of ASCII, as ,"))
    return found

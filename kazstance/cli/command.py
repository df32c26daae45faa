"""What all commands share: the application, how a command is registered, and common options."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, ParamSpec

import typer
from typer.core import TyperGroup

from kazstance.cli.boundary import one_line
from kazstance.docstrings import keep_docstring
from kazstance.errors import UnknownNameError
from kazstance.input.spelling import PRESETS
from kazstance.output.terminal import safe_line

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


P = ParamSpec("P")
Data = Annotated[Path, typer.Option("--data", help="A built dataset; without it, the one that comes with kazstance.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Delimiter = Annotated[
    str | None, typer.Option(help="Between fields: a character, or tab; else a comma in .csv, a tab in .tsv and .txt.")
]
Encoding = Annotated[str, typer.Option(help="Of .csv, .tsv and .txt, as utf-8 or windows-1252.")]
Preset = Annotated[
    str | None,
    typer.Option(
        help=f"How labels are spelled: {', '.join(PRESETS)}; without it, as favor, against and neutral.",
    ),
]
Mapping = Annotated[list[str] | None, typer.Option("--map", help="A spelling, as `theirs=favor`; may be repeated.")]
IgnoreColumn = Annotated[
    list[str] | None,
    typer.Option("--ignore-column", help="A column of both files that need not agree; may be repeated."),
]
Split = Annotated[str | None, typer.Option(help="A split; without it, all of them.")]


Debug = Annotated[bool, typer.Option("--debug", help="Where something fails, show the traceback.")]
OWN: Final = {"context": typer.Context, "debug": Debug}
"""The parameters that every command has beside those of its function."""


def make_group(text: str) -> typer.Typer:
    """A group of commands, with the options of all."""
    group = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)

    @group.callback(help=text)
    def options(debug: Debug = False) -> None:
        pass

    return group


app = make_group("Comparative stance: look into a dataset of stances, take it elsewhere, or make one.")


def command(function: Callable[P, None], group: typer.Typer = app) -> Callable[P, None]:
    """Register a command that says any error in one line, see `one_line`."""
    name = function.__name__.strip("_").replace("_", "-")

    @wraps(keep_docstring(function))
    def run(*args: Any, context: typer.Context, debug: bool, **kwargs: Any) -> None:
        above = context.parent
        while above is not None:
            debug, above = debug or above.params.get("debug", False), above.parent
        with one_line(name, [*args, *kwargs.values()], is_debugging=debug):
            function(*args, **kwargs)

    own = [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind) for key, kind in OWN.items()]
    own[1] = own[1].replace(default=False)
    signature = inspect.signature(function)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *own])  # type: ignore[attr-defined]
    run.__annotations__ = {**function.__annotations__, **OWN}
    group.command(name)(run)
    return function


def delimiter_of(name: str | None) -> str | None:
    """A delimiter by its name or as itself.

    Raises:
        UnknownNameError: it is more than one character, not of ASCII, or one that ends lines or quotes fields.
    """
    found = "\t" if name == "tab" else name
    if found is not None and (len(found) != 1 or not found.isascii() or found in '\0\r\n"'):
        raise UnknownNameError(name, "delimiter", ("tab", "any one character of ASCII, as ,"))
    return found

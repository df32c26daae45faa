"""What all commands share: the application, how a command is registered, and common options."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from kazstance.docstrings import keep_docstring
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.extras import naming_extras

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
P = ParamSpec("P")
Data = Annotated[Path, typer.Option("--data", help="A built dataset; without it, the one that comes with kazstance.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Delimiter = Annotated[
    str | None, typer.Option(help="Between fields: a character, or tab; else a comma in .csv, a tab in .tsv and .txt.")
]
Encoding = Annotated[str, typer.Option(help="Of .csv, .tsv and .txt, as utf-8 or windows-1252.")]
Split = Annotated[str | None, typer.Option(help="A split; without it, all of them.")]


@app.callback()
@keep_docstring
def main() -> None:
    """Comparative stance: look into a dataset of stances, take it elsewhere, or make one."""


def command(function: Callable[P, None], group: typer.Typer = app) -> Callable[P, None]:
    """Register a command that says a domain error without a traceback: exit code 2 for a wrong name, else 1."""

    @group.command(function.__name__.strip("_").replace("_", "-"))
    @wraps(keep_docstring(function))
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with naming_extras():
                function(*args, **kwargs)
        except KazstanceError as error:
            typer.echo(error, err=True)
            raise typer.Exit(2 if isinstance(error, UnknownNameError) else 1) from None

    return run


def delimiter_of(name: str | None) -> str | None:
    """A delimiter by its name or as itself.

    Raises:
        UnknownNameError: it is more than one character, not of ASCII, or one that ends lines or quotes fields.
    """
    found = "\t" if name == "tab" else name
    if found is not None and (len(found) != 1 or not found.isascii() or found in '\0\r\n"'):
        raise UnknownNameError(name, "delimiter", ("tab", "any one character of ASCII, as ,"))
    return found

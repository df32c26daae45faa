"""What all commands share: the application, the registration of commands, and common options."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, ParamSpec, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

import kazstance
from kazstance import interrupts
from kazstance._moved import moved_command
from kazstance.cli.boundary import one_line
from kazstance.cli.contents import ENTRIES, PANELS
from kazstance.docstrings import keep_docstring
from kazstance.errors import UnknownNameError, choose
from kazstance.input.spelling import PRESETS
from kazstance.output.terminal import echo, safe_line

WRONG_USAGE: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[2]
"""The base class of all usage errors, from whichever click typer uses."""


class Commands(TyperGroup):
    """A group of commands; a wrong name is answered with the nearest, without control characters."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Parse the arguments before the name of a command."""
        with _explained_usage():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Parse the arguments of a command, and run it."""
        with _explained_usage():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first argument names."""
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            moved = moved_command(f"{_path(ctx)} {args[0]}")
            ctx.fail(moved or f"No such command {args[0]!r}; {choose(args[0], names)}")
        return super().resolve_command(ctx, args)


class Root(Commands):
    """All commands; the module of a command is loaded when the command or its help is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands."""
        return list(ENTRIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name."""
        if cmd_name not in ENTRIES:
            return None
        import_module(f"kazstance.cli.{ENTRIES[cmd_name].module}")
        loaded: Any = typer.main.get_command(app)
        return loaded.commands[cmd_name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help from the table of contents."""
        commands: Any = {
            name: TyperCommand(name, help=entry.summary, rich_help_panel=panel)
            for panel, entries in PANELS.items()
            for name, entry in entries.items()
        }
        listed = TyperGroup(
            commands=commands, params=self.params, help=self.help, rich_markup_mode=self.rich_markup_mode
        )
        listed.format_help(ctx, formatter)


@contextmanager
def _explained_usage() -> Iterator[None]:
    try:
        yield
    except WRONG_USAGE as error:
        near = getattr(error, "possibilities", None)
        if option := getattr(error, "option_name", None):
            path = _path(error.ctx)
            moved = moved_command(f"{path} {option}") or moved_command(f"{path.rpartition(' ')[0]} {option}")
            hint = f"{error.message.rstrip('.')}; did you mean {near[0]}?" if near else error.message
            error.message = moved or hint
            error.possibilities = None  # type: ignore[attr-defined]  # they are in the message
        error.message = safe_line(error.message)
        raise
    except KeyboardInterrupt:
        raise typer.Exit(interrupts.CODE) from None


def _path(context: Any) -> str:
    """The full name of a command, such as `kazstance bench run`, however the program was started."""
    names: list[str] = []
    while context is not None and context.parent is not None:
        names, context = [context.info_name, *names], context.parent
    return " ".join(["kazstance", *names])


P = ParamSpec("P")
E = TypeVar("E", bound=Enum)
Data = Annotated[
    Path,
    typer.Option(
        "--data", metavar="FOLDER", help="The folder of a built dataset.", show_default="the dataset in the package"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Delimiter = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER",
        help="Field delimiter: one character, or `tab`.",
        show_default="a comma for .csv, a tab for .tsv and .txt",
    ),
]
Encoding = Annotated[str, typer.Option(help="Encoding of .csv, .tsv and .txt files, such as windows-1252.")]
NoHeader = Annotated[
    bool, typer.Option("--no-header", help="Text files have no header: name columns by number, from 1.")
]
Preset = Annotated[
    str | None,
    typer.Option(
        help=f"How labels are spelled: {', '.join(PRESETS)}; or auto, which recognises one of them.",
        show_default="favor, against and neutral",
    ),
]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="THEIRS=OURS", help="How one label is spelled, such as pro=favor. Repeatable."),
]
IgnoreColumn = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-column", metavar="COLUMN", help="A column of both files whose values may differ. Repeatable."
    ),
]
Split = Annotated[str | None, typer.Option(help="Only this split.", show_default="all splits")]
Debug = Annotated[bool, typer.Option("--debug", help="If something fails, show the traceback.")]
Whose = Annotated[
    str,
    typer.Option(help="Whose sentences count: own, endorsed (own, and quotations the source makes its own) or all."),
]
OWN: Final = {"context": typer.Context, "debug": Debug}
"""The parameters that every command has besides those of its function."""


def make_group(text: str, kind: type[Commands] = Commands) -> typer.Typer:
    """A group of commands, with the options that all groups have; without arguments, it shows its help."""
    group = typer.Typer(cls=kind, no_args_is_help=True, pretty_exceptions_enable=False)

    @group.callback(help=text)
    def options(debug: Debug = False) -> None:
        pass

    return group


def _print_version(asked: bool) -> None:
    if asked:
        echo(f"kazstance {kazstance.__version__}")
        raise typer.Exit


app = typer.Typer(cls=Root, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(help="Comparative stance: look at a dataset of stances, build one, and measure systems on it.")
def root_options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Debug = False,
) -> None:
    """Global options."""


def command(function: Callable[P, None], group: typer.Typer = app) -> Callable[P, None]:
    """Register a command that reports any error in one line, see `one_line`."""
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


def member(kind: type[E], name: str, what: str) -> E:
    """The member of an enumeration that an option names.

    Raises:
        UnknownNameError: there is no such member.
    """
    if name not in kind.__members__:
        raise UnknownNameError(name, what, kind.__members__)
    return kind[name]


def delimiter_of(name: str | None) -> str | None:
    """A delimiter, given by name or as the character itself.

    Raises:
        UnknownNameError: it is longer than one character, not ASCII, or a line end or quotation mark.
    """
    found = "\t" if name == "tab" else name
    if found is not None and (len(found) != 1 or not found.isascii() or found in '\0\r\n"'):
        raise UnknownNameError(name, "delimiter", ("tab", "any single ASCII character, such as ,"))
    return found

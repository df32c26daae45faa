"""The command line: each command parses its arguments, calls one function, and prints."""

from kazstance.cli.command import app

__all__ = ["app"]

"""Docstrings that users are shown, kept where `python -OO` strips them."""

import ast
import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T", bound=type | Callable[..., Any])


def keep_docstring(thing: T) -> T:
    """A top-level class or function with its docstring, read from the source if it was stripped, without its indent."""
    if sys.flags.optimize > 1:
        thing.__doc__ = _docstrings(thing.__module__)[thing.__qualname__]
    elif thing.__doc__:
        thing.__doc__ = inspect.cleandoc(thing.__doc__)
    return thing


@cache
def _docstrings(module: str) -> dict[str, str | None]:
    body = ast.parse(inspect.getsource(sys.modules[module])).body
    return {node.name: ast.get_docstring(node) for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}

"""Digests of values (parameters, attributes, arrays, functions) that are the same in every process."""

import functools
import hashlib
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from types import (
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    NoneType,
)
from typing import Any, Final

import numpy as np
import regex

from kazstance.bench.code_digest import is_own

PLAIN: Final = (NoneType, bool, int, float, complex, str, bytes, type(...), type(NotImplemented), range)
"""Types whose `repr` is complete."""
_LOCKS: Final = (type(threading.Lock()), type(threading.RLock()))
PASSED_OVER: Final = frozenset({"_abc_impl", "__dict__", "__weakref__", "__doc__", "__module__", "__annotations__"})
"""Attributes of classes that do not affect what an instance does."""


@dataclass(frozen=True)
class State:
    """The digest of each part of an object, the modules of its code, and the parts that could not be read fully."""

    parts: Mapping[str, str]
    modules: frozenset[str]
    unseen: tuple[str, ...]


def state_of(found: Any) -> State:
    """The state of a function (its code, defaults, closure and the globals it uses) or of any other object.

    An object with `get_params` is identified by its parameters, as in scikit-learn, since it is trained again.
    Installed functions and classes, and those of Python, are identified by name.
    """
    digests = _Digests()
    parts = {name: digests.hexadecimal(value, name) for name, value in _parts(found, digests).items()}
    return State(parts, frozenset(digests.modules), tuple(sorted(digests.unseen)))


def _parts(found: Any, digests: "_Digests") -> dict[str, Any]:
    """An object in named parts."""
    if isinstance(found, functools.partial):
        named = {f"argument {number + 1}": value for number, value in enumerate(found.args)}
        return (
            _parts(found.func, digests) | named | {f"argument {name}": value for name, value in found.keywords.items()}
        )
    if isinstance(found, FunctionType) and is_own(found.__code__.co_filename):
        digests.modules.add(found.__module__ or "")
        return _function_parts(found)
    digests.modules.add(type(found).__module__)
    if isinstance(found, FunctionType | MethodType | type):
        return {getattr(found, "__qualname__", "object"): found}
    values = _parameters(found)
    if values is None:
        values = dict(vars(found)) if hasattr(found, "__dict__") else {"value": found}
    kind = type(found)
    return {kind.__qualname__: kind} | {f"parameter {name}": value for name, value in values.items()}


def _function_parts(found: FunctionType) -> dict[str, Any]:
    """What a function does and what it depends on, by name."""
    parts: dict[str, Any] = {f"function {found.__name__}": found.__code__}
    defaults = (found.__defaults__ or (), found.__kwdefaults__ or {})
    if any(defaults):
        parts[f"defaults of {found.__name__}"] = defaults
    closure = zip(found.__code__.co_freevars, found.__closure__ or (), strict=True)
    parts |= {f"variable {name}": cell for name, cell in closure}
    names = dict.fromkeys(_names(found.__code__))
    return parts | {f"global {name}": found.__globals__[name] for name in names if name in found.__globals__}


def _names(code: CodeType) -> Iterator[str]:
    """The names that a function uses, with those of the functions in it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _parameters(found: Any) -> dict[str, Any] | None:
    """The parameters of an estimator; None for anything else."""
    get_params = getattr(found, "get_params", None)
    if get_params is None or isinstance(found, type):
        return None
    try:
        return dict(get_params(deep=False))
    except Exception:  # not the get_params of scikit-learn: its attributes say the same
        return None


class _Digests:
    """Digests of values, each object once; `unseen` names the parts that hold what cannot be described."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.unseen: set[str] = set()
        self._done: dict[int, tuple[Any, bytes]] = {}
        self._open: list[int] = []
        self._part = ""

    def hexadecimal(self, value: Any, part: str) -> str:
        """The digest of a part."""
        self._part = part
        try:
            return self.of(value).hex()
        except RecursionError:
            self.unseen.add(f"{part} (nested too deeply)")
            self._open.clear()
            return ""

    def of(self, value: Any) -> bytes:
        """The digest of a value; if it contains itself, its position is used where it recurs."""
        if isinstance(value, PLAIN) and type(value) in PLAIN:
            return _joined(type(value).__name__, [repr(value).encode()])
        if id(value) in self._done:
            return self._done[id(value)][1]
        if id(value) in self._open:
            return _joined("again", [str(self._open.index(id(value))).encode()])
        self._open.append(id(value))
        digest = self._composite(value)
        self._open.pop()
        self._done[id(value)] = value, digest  # the value is kept alive, so that no other gets its id
        return digest

    def all(self, kind: str, values: Iterable[Any]) -> bytes:
        """The digest of values in order."""
        return _joined(kind, [self.of(value) for value in values])

    def _composite(self, value: Any) -> bytes:
        for kinds, describe in _KINDS:
            if isinstance(value, kinds):
                return describe(self, value)
        if isinstance(getattr(value, "__wrapped__", None), FunctionType):
            return self.all("wrapper", [value.__wrapped__])
        parameters = _parameters(value)
        if parameters is not None:
            return self.all("estimator", [type(value), parameters])
        array = _tensor(value)
        return self.all("tensor", [array]) if array is not None else self._reduced(value)

    def _reduced(self, value: Any) -> bytes:
        """An object as `pickle` would reduce it."""
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            if isinstance(error, RecursionError):
                raise
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            self.unseen.add(f"{self._part} (holds a {kind}, whose state cannot be read)")
            return self.all("opaque", [type(value)])
        if isinstance(reduced, str):
            return self.all("named", [type(value).__qualname__, reduced])
        lists = [list(part) if isinstance(part, Iterator) else part for part in reduced]
        return self.all("object", [type(value), *lists])

    def array(self, value: np.ndarray[Any, Any]) -> bytes:
        """The digest of an array."""
        if value.dtype.hasobject:
            return self.all("array", [str(value.dtype), value.shape, value.ravel().tolist()])
        return _joined("array", [str(value.dtype).encode(), str(value.shape).encode(), value.tobytes()])

    def named(self, value: Any) -> bytes:
        """A function or class that is identified by name."""
        module = getattr(value, "__module__", None) or ""
        self.modules.add(module)
        return self.all("name", [module, getattr(value, "__qualname__", type(value).__qualname__)])

    def function(self, value: FunctionType) -> bytes:
        """A function; a user's own with everything that it depends on."""
        if not is_own(value.__code__.co_filename):
            return self.named(value)
        self.modules.add(value.__module__ or "")
        return self.all("function", [value.__qualname__, _function_parts(value)])

    def code(self, value: CodeType) -> bytes:
        """What a function does, regardless of its line numbers."""
        return self.all("code", [value.co_code, value.co_consts, value.co_names, value.co_varnames, value.co_flags])

    def kind(self, value: type) -> bytes:
        """A class; a user's own with its bases, methods and attributes."""
        if not _is_own_class(value):
            return self.named(value)
        functions = {name: part for name, part in vars(value).items() if isinstance(_plain(part), FunctionType)}
        self.modules.add(value.__module__)
        values = {name: part for name, part in vars(value).items() if not name.startswith("__") and _is_value(part)}
        own = {name: _plain(part) for name, part in (functions | values).items() if name not in PASSED_OVER}
        return self.all("class", [value.__qualname__, value.__bases__, own])


def _plain(value: Any) -> Any:
    """The function behind a method or property of a class."""
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    return value.fget if isinstance(value, property) else value


def _is_value(value: Any) -> bool:
    return not isinstance(value, MemberDescriptorType | GetSetDescriptorType)


def _tensor(value: Any) -> np.ndarray[Any, Any] | None:
    """The content of a torch tensor; None for anything else."""
    if not hasattr(type(value), "requires_grad"):
        return None
    try:
        return np.asarray(value.detach().cpu())
    except (TypeError, RuntimeError):  # of a type that numpy lacks
        return None


def _is_own_class(value: type) -> bool:
    """Whether a class is neither installed nor part of Python."""
    module = sys.modules.get(value.__module__)
    file = getattr(module, "__file__", None)
    return is_own(file) if file else value.__module__ == "__main__"


def _joined(kind: str, parts: Iterable[bytes]) -> bytes:
    """The digest of parts, each preceded by its length, so that different lists of parts cannot collide."""
    digest = hashlib.sha256(f"{kind}\n".encode())
    for part in parts:
        digest.update(f"{len(part)}\n".encode())
        digest.update(part)
    return digest.digest()


def _sequence(digests: _Digests, value: list[Any] | tuple[Any, ...]) -> bytes:
    return digests.all(type(value).__qualname__, [*value, *([vars(value)] if hasattr(value, "__dict__") else [])])


def _mapping(digests: _Digests, value: dict[Any, Any]) -> bytes:
    """A dictionary in its order of iteration."""
    more = [vars(value)] if hasattr(value, "__dict__") else []
    return digests.all(type(value).__qualname__, [*(part for pair in value.items() for part in pair), *more])


def _module(digests: _Digests, value: ModuleType) -> bytes:
    digests.modules.add(value.__name__)
    return digests.all("module", [value.__name__])


def _cell(digests: _Digests, value: CellType) -> bytes:
    try:
        return digests.all("cell", [value.cell_contents])
    except ValueError:  # not filled yet
        return digests.all("cell", [])


_KINDS: Final[tuple[tuple[type | tuple[type, ...], Callable[[_Digests, Any], bytes]], ...]] = (
    (ModuleType, _module),
    (type, _Digests.kind),
    (FunctionType, _Digests.function),
    (CodeType, _Digests.code),
    (CellType, _cell),
    (MethodType, lambda digests, value: digests.all("method", [value.__self__, value.__func__])),
    (Enum, lambda digests, value: digests.all("enum", [type(value).__qualname__, value.name])),
    (PurePath, lambda digests, value: digests.all("path", [str(value)])),
    ((re.Pattern, regex.Pattern), lambda digests, value: digests.all("pattern", [value.pattern, value.flags])),
    ((list, tuple), _sequence),
    (dict, _mapping),
    (_LOCKS, lambda digests, value: digests.named(type(value))),
    (logging.Logger, lambda digests, value: digests.all("logger", [value.name])),
    (
        functools.partial,
        lambda digests, value: digests.all("partial", [value.func, value.args, value.keywords]),
    ),
    (np.ndarray, _Digests.array),
    (np.generic, lambda digests, value: digests.array(np.asarray(value))),
    (
        (set, frozenset),
        lambda digests, value: _joined(type(value).__name__, sorted(digests.of(part) for part in value)),
    ),
)
"""How a value is described, by its type; the first match is used."""

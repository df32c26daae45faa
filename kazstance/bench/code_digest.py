"""The code that a system consists of: digests of the modules it imports, as far as their source is available."""

import ast
import hashlib
import importlib.metadata
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SOURCE_SUFFIXES, ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final

PACKAGE: Final = __name__.partition(".")[0]
"""This package, whose dynamic imports load its own public names, and systems, which are identified separately."""
INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
"""Folders of installed packages, which are identified by their version."""
DYNAMIC: Final = frozenset({"import_module", "run_path", "run_module", "spec_from_file_location"})
"""Functions that load code whose name is known only at run time."""
BUILT_IN: Final = frozenset({"__import__", "exec"})
"""Built-in functions that do the same."""


@dataclass(frozen=True)
class Code:
    """SHA-256 of the source of each module, versions of the packages that they import, and what could not be seen."""

    modules: Mapping[str, str]
    versions: Mapping[str, str]
    unseen: tuple[str, ...]


def code_of(start: Iterable[str], others: Iterable[str] = ()) -> Code:
    """The code of some modules and of everything that they import, unless it is installed.

    Args:
        start: names of modules; imports from their own top-level package are followed even if it is installed.
        others: names of modules that are followed unless they are installed.

    Returns:
        Modules of the standard library are left out (Python's version covers them), and installed packages are
        identified by their version. `unseen` names compiled modules, modules without a file, and dynamic imports.
    """
    first = list(start)
    own = {name.partition(".")[0] for name in first}
    modules: dict[str, str] = {}
    versions: dict[str, str] = {}
    unseen: set[str] = set()
    queue, known = [*first, *others], {""}
    while queue:
        name = queue.pop()
        if known & {name, name.partition(".")[0] + ".*"}:
            continue
        known.add(name)
        place = _locate(name)
        if place is None:
            unseen |= {f"{name} (not found)"} & {f"{missing} (not found)" for missing in first}
            continue
        version = _version(name) if place.installed else None
        versions |= dict([version] if version else [])
        if place.standard or (version and name.partition(".")[0] not in own):
            known.add(f"{name}.*")
            continue
        if place.source is not None:
            modules[name] = hashlib.sha256(place.source).hexdigest()
            imported, dynamic = _imports(place)
            queue += imported
            unseen |= dynamic if name.partition(".")[0] != PACKAGE else set()
        elif place.why:
            unseen.add(f"{name} ({place.why})")
    return Code(dict(sorted(modules.items())), dict(sorted(versions.items())), tuple(sorted(unseen)))


def is_own(file: str) -> bool:
    """Whether a file of code belongs to the user: it is neither installed nor part of Python."""
    return not _is_standard(file) and not INSTALLED & set(Path(file).parts)


@dataclass(frozen=True)
class _Place:
    """Where a module was found; if there is no source, `why` says why, or is empty for a namespace package."""

    name: str
    package: str
    source: bytes | None
    why: str = ""
    standard: bool = False
    installed: bool = False


def _locate(name: str) -> _Place | None:
    """A module that is loaded, or that an import would find; None if it does not exist."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None) if module else _find(name)
    if module is None and spec is None:
        return None
    file = getattr(module, "__file__", None) or (spec.origin if spec and spec.has_location else None)
    if file is None:
        return _without_file(name, module, spec)
    package = (spec.parent if spec else getattr(module, "__package__", None)) or ""
    standard, installed = _is_standard(file), bool(INSTALLED & set(Path(file).parts))
    source = _source(Path(file), spec)
    return _Place(name, package, source, "" if source is not None else "no source file", standard, installed)


def _without_file(name: str, module: ModuleType | None, spec: ModuleSpec | None) -> _Place:
    """A module without a file: part of Python, a namespace package, or made at run time."""
    if spec is not None and spec.origin in ("built-in", "frozen"):
        return _Place(name, name, None, standard=True)
    if spec is not None and spec.submodule_search_locations is not None:
        return _Place(name, name, None)
    return _Place(name, getattr(module, "__package__", None) or "", None, "made at run time, no source file")


def _find(name: str) -> ModuleSpec | None:
    """What importing a module would find, without importing anything."""
    parent = name.rpartition(".")[0]
    path = None
    if parent:
        loaded = sys.modules.get(parent)
        spec = getattr(loaded, "__spec__", None) if loaded else _find(parent)
        path = getattr(loaded, "__path__", None) or (spec.submodule_search_locations if spec else None)
        if path is None:
            return None
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, path)
        except (ImportError, AttributeError, ValueError):
            continue
        if spec is not None:
            return spec
    return None


def _source(file: Path, spec: ModuleSpec | None) -> bytes | None:
    """The source of a module; None if it is compiled."""
    if file.suffix in SOURCE_SUFFIXES and file.is_file():
        return file.read_bytes()
    get_source = getattr(spec.loader, "get_source", None) if spec else None
    try:
        text = get_source(spec.name) if get_source and spec else None
    except (ImportError, OSError, SyntaxError):
        return None
    return text.encode() if text is not None else None


@cache
def _standard() -> tuple[Path, ...]:
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")})


@cache
def _is_standard(file: str) -> bool:
    """Whether a file is part of Python; so is code without a file, such as a frozen module."""
    if file.startswith("<frozen"):
        return True
    found = Path(file)
    if INSTALLED & set(found.parts):
        return False
    return any(folder in found.resolve().parents for folder in _standard())


@cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _version(name: str) -> tuple[str, str] | None:
    """The distribution that contains a module, and its version."""
    names = _distributions().get(name.partition(".")[0])
    return (names[0], importlib.metadata.version(names[0])) if names else None


def _imports(place: _Place) -> tuple[set[str], set[str]]:
    """The modules that a source may import anywhere, and its dynamic imports, by line."""
    try:
        tree = ast.parse(place.source or b"")
    except (SyntaxError, ValueError, RecursionError):
        return set(), {f"{place.name} (its source cannot be parsed)"}
    names, dynamic = set(_with_parents(place.name)), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {name for alias in node.names for name in _with_parents(alias.name)}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, place.package)
            names |= {*_with_parents(base), *(f"{base}.{alias.name}" for alias in node.names if base)}
        elif isinstance(node, ast.Call) and (called := _dynamic(node)):
            if node.args and isinstance(node.args[0], ast.Constant) and "import" in called:
                names |= set(_with_parents(str(node.args[0].value)))
            else:
                dynamic.add(f"{place.name}, line {node.lineno} ({called} of a computed name)")
    return names, dynamic


def _dynamic(node: ast.Call) -> str:
    """The name of the called function, if it loads code."""
    if isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in DYNAMIC | BUILT_IN else ""
    return node.func.attr if isinstance(node.func, ast.Attribute) and node.func.attr in DYNAMIC else ""


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """The module that a statement `from … import` names, which may be relative."""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join(filter(None, [*base, node.module]))


def _with_parents(name: str) -> Iterator[str]:
    """A module and its parent packages, which are imported with it."""
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))

"""Swapping two paths in one step, where the system supports it."""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

HERE: Final = -100
"""AT_FDCWD of Linux: a path is relative to the current folder."""
SWAP: Final = 2
"""RENAME_EXCHANGE of Linux, and RENAME_SWAP of macOS."""
UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step; False if the system or the file system does not support it.

    Raises:
        OSError: one of them is missing or may not be renamed.
    """
    call = _system_call()
    if call is None:
        return False
    sys.audit("os.rename", str(one), str(other), -1, -1)
    if call(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    code = ctypes.get_errno()
    if code in UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


@cache
def _system_call() -> Callable[[bytes, bytes], int] | None:
    """The C library's function that swaps two paths."""
    if sys.platform not in ("linux", "darwin"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        swap = getattr(library, "renamex_np", None)
        return swap and (lambda one, other: int(swap(one, other, SWAP)))
    rename = getattr(library, "renameat2", None)
    return rename and (lambda one, other: int(rename(HERE, one, HERE, other, SWAP)))

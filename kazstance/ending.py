"""How the program ends: after Python's exit handlers, and without tearing down the libraries it has loaded."""

import atexit
import os
import sys
import threading
from typing import Final, NoReturn

UNWRITTEN: Final = 120
"""The exit code of a program whose last output could not be written, as in Python."""


def end(code: object) -> NoReturn:
    """Wait for threads, run the exit handlers, write what is left of the output, and end.

    Libraries such as Arrow and OpenBLAS keep threads of their own, and taking these down while the interpreter does the
    same now and then aborts a program that has done its work. The system frees all of it at once.

    Args:
        code: what SystemExit carries: an exit code, None for success, or a message for standard error.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # as processes of multiprocessing do, which end in the same way
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
    number = code if isinstance(code, int) else int(code is not None)
    os._exit(number if _is_written() else UNWRITTEN)


def _is_written() -> bool:
    """Write what is left in the buffers of both streams."""
    written = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # as when it was closed from the start
                stream.flush()
        except (OSError, ValueError):  # a reader that has left, a full disk, a closed stream
            written = False
    return written

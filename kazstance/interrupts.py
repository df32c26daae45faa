"""What Ctrl-C does: end the program at once while modules load, later raise an exception that is remembered."""

import os
import signal
from types import FrameType
from typing import Final, NoReturn

CODE: Final = 130
"""The exit code of a program that was interrupted: 128 and the number of the signal, as shells have it."""
_seen: list[int] = []


def leave_at_once() -> None:
    """Let an interrupt end the program silently; nothing is open yet, or nothing any more.

    A program that was started with interrupts ignored goes on ignoring them.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)


def raise_again() -> None:
    """Let an interrupt raise KeyboardInterrupt, and remember it: modules that load may raise something else then."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _raise)


def was_interrupted() -> bool:
    """Whether there was an interrupt."""
    return bool(_seen)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(CODE)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    _seen.append(number)
    raise KeyboardInterrupt

"""What Ctrl-C does: end the program at once while modules load, and later raise an exception that is remembered."""

import os
import signal
from types import FrameType
from typing import Final, NoReturn

CODE: Final = 130
"""The exit code of an interrupted program: 128 plus the number of the signal, as in shells."""
_seen: list[int] = []


def leave_at_once() -> None:
    """Let an interrupt end the program silently, while nothing is open yet or everything is closed again.

    A program that was started with interrupts ignored keeps ignoring them.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)


def raise_again() -> None:
    """Let an interrupt raise KeyboardInterrupt, and remember it: a module that is loading may raise another error."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _raise)


def was_interrupted() -> bool:
    """Whether an interrupt has occurred."""
    return bool(_seen)


def raise_if_swallowed() -> None:
    """Raise an interrupt that a loading module caught and dropped; called before anything that waits without end.

    Raises:
        KeyboardInterrupt: an interrupt has occurred.
    """
    if was_interrupted():
        raise KeyboardInterrupt


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(CODE)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    _seen.append(number)
    raise KeyboardInterrupt

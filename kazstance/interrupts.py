"""What Ctrl-C does: end the program at once while it starts, and later raise an exception that is remembered."""

import os
import signal
from types import FrameType
from typing import Final, NoReturn

CODE: Final = 130
"""The exit code of an interrupted program: 128 plus the number of the signal, as in shells."""
IMPORTS: Final = "<frozen importlib"
"""How the names of the files begin whose code runs while a module is imported."""
PAUSE: Final = 0.02
"""Seconds until an interrupt that came during an import is tried again."""
MOST: Final = 150
"""How often it is tried again: a module that takes longer is interrupted."""
CAN_WAIT: Final = hasattr(signal, "setitimer")
"""Whether the system can try an interrupt again later; Windows cannot."""
_seen: list[int] = []


def leave_at_once() -> None:
    """Let an interrupt end the program silently, while nothing is open yet or everything is closed again.

    A program that was started with interrupts ignored keeps ignoring them.
    """
    _stop_waiting()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)


def raise_again() -> None:
    """Let an interrupt raise KeyboardInterrupt, and remember it; one that comes while a module loads waits for it."""
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
        _stop_waiting()
        raise KeyboardInterrupt


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(CODE)


def _raise(number: int, frame: FrameType | None) -> None:
    _seen.append(number)
    if len(_seen) > MOST or not CAN_WAIT or not _is_importing(frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, PAUSE)


def _stop_waiting() -> None:
    """No longer try an interrupt again."""
    if _seen and CAN_WAIT:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported, which may drop an exception or print it."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(IMPORTS):
            return True
        frame = frame.f_back
    return False

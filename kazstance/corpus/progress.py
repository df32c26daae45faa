"""How far a long step is, and how long it will still take."""

import time
from collections.abc import Callable
from typing import Final

AFTER: Final = 5.0
"""Seconds after which a step says how far it is, and the least time between such lines."""


class Progress:
    """The progress of one step; steps that take a few seconds say nothing."""

    def __init__(self, step: str, say: Callable[[str], None]) -> None:
        self._step, self._say = step, say
        self._begin = time.monotonic()
        self._next = self._begin + AFTER

    def show(self, share: float) -> None:
        """Say that a share of the step, in [0, 1], is done, unless that was just said."""
        now = time.monotonic()
        if now < self._next or not 0 < share < 1:
            return
        spent = now - self._begin
        self._next = now + max(AFTER, spent / 4)
        self._say(f"{self._step:<8} {share:.0%} done, about {in_words(spent / share - spent)} left")


def in_words(seconds: float) -> str:
    """A time in words, such as 2 min 5 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

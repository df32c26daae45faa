"""What a run costs: tokens counted by the server, prices by the user, and an estimate of what is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kazstance.annotate.by_model.calls import Call
from kazstance.annotate.by_model.journal import Answered
from kazstance.errors import KazstanceError

BYTES: Final = 4.0
"""Bytes of a question in UTF-8 in a token, about, until the server has counted some; of characters, scripts differ."""
FEWEST: Final = 2.5
"""The same where no more may be spent than a limit: fewer bytes make more tokens."""
PER_TARGET: Final = 15.0
"""Tokens of an answer for each target, about; most targets are answered in one word."""
MILLION: Final = 1_000_000


class Prices(NamedTuple):
    """Prices in US dollars for a million tokens."""

    given: float
    """Of questions."""
    answered: float
    """Of answers."""
    cached: float | None = None
    """Of the part of questions that the server had kept; None if it is the same."""

    def __str__(self) -> str:
        """As the user writes them."""
        return "/".join(f"{price:g}" for price in self if price is not None)

    def of(self, tokens_in: float, tokens_cached: float, tokens_out: float) -> float:
        """What tokens cost, in US dollars.

        Args:
            tokens_in: tokens of questions, those kept included.
            tokens_cached: those that the server had kept.
            tokens_out: tokens of answers.
        """
        kept = self.given if self.cached is None else self.cached
        return ((tokens_in - tokens_cached) * self.given + tokens_cached * kept + tokens_out * self.answered) / MILLION


def read_prices(text: str) -> Prices:
    """Prices from a text such as 0.15/0.60, or 0.15/0.60/0.075 with one for what the server had kept.

    Raises:
        KazstanceError: it is something else.
    """
    try:
        parts = [float(part) for part in text.split("/")]
        is_good = len(parts) in (2, 3) and all(0 <= part < MILLION for part in parts)
    except ValueError:
        is_good, parts = False, []
    if not is_good:
        raise KazstanceError(
            f"--price: {text!r}, expected US dollars for a million tokens of questions and answers, such as 0.15/0.60"
        )
    return Prices(*parts)


class Tokens(NamedTuple):
    """Numbers of tokens."""

    given: int
    cached: int
    answered: int


@dataclass(frozen=True)
class Estimate:
    """What asking some questions takes, about."""

    questions: int
    pairs: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    """None without prices."""
    seconds: float | None
    """None before anything has been answered."""


class Spending:
    """What has been spent, and what is to be expected of further questions."""

    def __init__(self, prices: Prices | None, rows: Iterable[Answered] = (), limit: float | None = None) -> None:
        """Count what has been spent.

        Args:
            prices: the prices, if they are known.
            rows: what has been answered.
            limit: the most that may be spent, in US dollars.

        Raises:
            KazstanceError: there is a limit, and no prices.
        """
        if limit is not None and prices is None:
            raise KazstanceError("--limit-usd: the prices are not known, expected --price with them")
        self.prices, self.limit = prices, limit
        self.tokens = Tokens(0, 0, 0)
        self.seconds: list[float] = []
        self._counted = self._asked = 0
        for row in rows:
            self.add(row, None)

    def add(self, row: Answered, call: Call | None) -> None:
        """Count an answer.

        Args:
            row: the answer.
            call: the question, if its length is to be compared with what the server counts.
        """
        if row.reply:
            new = row.reply
            there = self.tokens
            self.tokens = Tokens(
                there.given + new.tokens_in, there.cached + new.tokens_cached, there.answered + new.tokens_out
            )
            self.seconds.append(row.seconds)
            if call and new.tokens_in:
                self._counted += new.tokens_in
                self._asked += _length(call)

    @property
    def usd(self) -> float | None:
        """What has been spent, in US dollars; None without prices."""
        return self.prices.of(*self.tokens) if self.prices else None

    def most(self, call: Call) -> float:
        """The most that a question and its answer cost, in US dollars; 0 without prices."""
        per_token = min(FEWEST, self._asked / self._counted) if self._counted else FEWEST
        return self.prices.of(_length(call) / per_token, 0, call.settings.most_tokens) if self.prices else 0.0

    def allows(self, call: Call, in_flight: float) -> bool:
        """Whether a question may be sent without exceeding the limit, whatever becomes of those in flight.

        Args:
            call: the question.
            in_flight: what those in flight cost at most, in US dollars.
        """
        return self.limit is None or (self.usd or 0.0) + in_flight + self.most(call) <= self.limit

    def estimate(self, calls: Sequence[Call], connections: int = 1) -> Estimate:
        """What asking some questions takes.

        Args:
            calls: the questions.
            connections: how many are asked at a time.
        """
        pairs = sum(len(call.targets) for call in calls)
        per_token = self._asked / self._counted if self._counted else BYTES
        tokens_in = round(sum(map(_length, calls)) / per_token)
        tokens_out = round(pairs * PER_TARGET)
        mean = sum(self.seconds) / len(self.seconds) if self.seconds else None
        return Estimate(
            questions=len(calls),
            pairs=pairs,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            usd=self.prices.of(tokens_in, 0, tokens_out) if self.prices else None,
            seconds=None if mean is None else mean * len(calls) / max(1, min(connections, len(calls))),
        )


def _length(call: Call) -> int:
    """The bytes of a question in UTF-8."""
    return len(call.prompt.text.encode()) + len(call.question.encode())

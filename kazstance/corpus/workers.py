"""Processes that work on parts of a corpus: they import this package only, never the program that asked for them."""

import os
import pickle
import signal
import subprocess  # starts this interpreter
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar

from kazstance.errors import KazstanceError

START: Final = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from kazstance.corpus import workers
workers.serve()
"""
AHEAD: Final = 2
"""How many parts are prepared for each process."""
T = TypeVar("T")
R = TypeVar("R")


def available() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Some processes, each with its own thread here; without any, work is done in this process.

    A worker ends when its input does, so none outlives this process, however that ends.
    """

    def __init__(self, processes: int) -> None:
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._all: list[subprocess.Popen[bytes]] = []
        self._threads = ThreadPoolExecutor(max(processes, 1))
        self.processes = processes
        for _ in range(processes):
            self._all.append(_start())
            self._idle.put(self._all[-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        for worker in self._all:
            if kind is not None:
                worker.kill()
            with suppress(OSError):
                _stream(worker.stdin).close()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.wait()
            _stream(worker.stdout).close()

    def map(self, function: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """The results of a function for all parts, in order; few parts are prepared ahead.

        Args:
            function: a function of a module, or a `functools.partial` of one.
            parts: its arguments, which are pickled.

        Raises:
            KazstanceError: a process ended unexpectedly.
        """
        if not self._all:
            yield from map(function, parts)
            return
        waiting: deque[Future[R]] = deque()
        for part in parts:
            waiting.append(self._threads.submit(self._call, function, part))
            if len(waiting) >= AHEAD * len(self._all):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _call(self, function: Callable[[T], R], part: T) -> R:
        worker = self._idle.get()
        try:
            pickle.dump((function, part), _stream(worker.stdin), pickle.HIGHEST_PROTOCOL)
            _stream(worker.stdin).flush()
            result, error = pickle.load(_stream(worker.stdout))  # noqa: S301  # from a process of ours
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            code = worker.poll()
            raise KazstanceError(
                f"a process of the build ended unexpectedly (exit code {code}); it may have run out of memory"
            ) from None
        finally:
            self._idle.put(worker)
        if error is not None:
            raise error
        found: R = result
        return found


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise OSError("the stream is closed")
    return stream


def _start() -> "subprocess.Popen[bytes]":
    worker = subprocess.Popen([sys.executable, "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
    pickle.dump(sys.path, _stream(worker.stdin))
    _stream(worker.stdin).flush()
    return worker


def serve() -> None:
    """Work until the input ends; what functions print goes to standard error, and the caller handles interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            function, part = pickle.load(source)  # noqa: S301  # from the process that started this one
        except EOFError:
            break
        pickle.dump(_answer(function, part), sink, pickle.HIGHEST_PROTOCOL)
        sink.flush()
    with suppress(OSError):
        sink.close()


def _answer(function: Callable[[Any], Any], part: Any) -> tuple[Any, BaseException | None]:
    """The result of a function, or the error that it raised, as far as that can be sent."""
    try:
        return function(part), None
    except Exception as error:  # sent to the caller, who raises it
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301  # our own error
        except Exception:  # an error whose class cannot be rebuilt
            return None, RuntimeError(f"{type(error).__name__}: {error}")
        return None, error

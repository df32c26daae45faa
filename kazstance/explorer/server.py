"""A server for datasets that are too large for one file: the same page, which fetches rows as they are needed."""

import logging
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import parse_qs

from kazstance.comparison import Disagreements
from kazstance.comparison.disagreements import disagreements, with_tests
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.explorer.overview import differences, overview_of
from kazstance.explorer.page import embed, render
from kazstance.explorer.rows import Query, Rows
from kazstance.stats.permutation import PERMUTATIONS

HOST: Final = "127.0.0.1"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SETTINGS: Final = {
    "asyncore_use_poll": True,  # select() cannot handle more than 1,024 files
    "backlog": 1024,
    "channel_timeout": 30,  # seconds after which a silent client is disconnected
    "cleanup_interval": 5,
    "ident": "kazstance",
    "max_request_body_size": 1024,  # no request has a body
    "threads": 4,
}
"""Settings of waitress: one loop reads all requests and passes complete ones to a few threads, so that clients that
never finish a request block nobody."""
FILES: Final = 4096
"""Number of open files that the process asks for, one for each client."""
OTHERS: Final = 64
"""Number of those that are reserved for anything but clients."""
TESTS: Final = "/differences"
AT_ONCE: Final = 100_000_000
"""How many numbers permutation tests draw before the page is served, about a second's work; longer ones run beside."""
Fields = dict[str, list[str]]
_Reply = tuple[HTTPStatus, str, bytes]
Start = Callable[[str, list[tuple[str, str]]], Any]
QUESTIONS: Final[dict[str, Callable[[Rows, Fields], Any]]] = {
    "/sentences": lambda rows, fields: rows.sentences(Query.parse(fields)),
    "/each": lambda rows, fields: rows.each(Query.parse(fields)),
    "/counts": lambda rows, fields: rows.counts(Query.parse(fields)),
    "/strip": lambda rows, fields: rows.strip(Query.parse(fields)),
    "/words": lambda rows, fields: rows.words(fields.get("target", [""])[-1]),
    "/agreement": lambda rows, _: rows.agreement(),
    "/splits": lambda rows, fields: rows.splits(*(fields.get(name, [""])[-1] for name in ("one", "other"))),
    "/history": lambda rows, fields: rows.history(fields.get("sentence", [""])[-1]),
}


class Explorer:
    """A server that answers only this machine, and only requests that use its own address.

    Addresses never refer to paths on disk.

    Raises:
        KazstanceError: the port is taken.
    """

    def __init__(self, folder: DatasetFolder, port: int) -> None:
        from waitress import create_server  # noqa: PLC0415  # only needed to serve

        self.rows = Rows(folder)
        counts = self.rows.compared.counts
        is_short = PERMUTATIONS * len(counts.rows) <= AT_ONCE
        ranked = disagreements(counts, with_salience=False, with_stances=is_short)
        content = overview_of(self.rows.compared, ranked, folder, pending=not is_short) | {"rows": None}
        self.page = render(content, connect="'self'")
        self.differences: dict[str, Any] | None = content["differences"] if is_short else None
        self.tests = threading.Thread(target=self._test, args=(folder, ranked, content), daemon=True)
        if not is_short:
            self.tests.start()
        self._sockets: dict[int, Any] = {}
        logging.getLogger("waitress").setLevel(logging.ERROR)  # users need not act on a queue of requests
        clients = _open_files() - OTHERS
        try:
            self._server = create_server(
                self.application, map=self._sockets, host=HOST, port=port, connection_limit=clients, **SETTINGS
            )
        except OSError as error:
            self._close()
            raise KazstanceError(f"port {port}: {error.strerror}; choose another with --port") from None
        self.server_address: tuple[str, int] = self._server.socket.getsockname()
        self.server_port = self.server_address[1]
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.task_dispatcher.shutdown()
        self._close()

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/"

    def serve_forever(self) -> None:
        """Answer requests until the process is interrupted, or another thread calls `shutdown`."""
        self._server.run()

    def shutdown(self) -> None:
        """End `serve_forever`."""
        self._server.trigger.pull_trigger(self._close)

    def application(self, request: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request, as a WSGI application."""
        status, kind, content = self._answer(request)
        headers = {**HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}
        start(f"{status.value} {status.phrase}", list(headers.items()))
        return [content]

    def _test(self, folder: DatasetFolder, ranked: Disagreements, content: dict[str, Any]) -> None:
        """Run the permutation tests, which pages ask for until they are there, and renew the page."""
        found = differences(with_tests(ranked, self.rows.compared.counts), folder)
        self.page = render(content | {"differences": found}, connect="'self'")
        self.differences = found

    def _answer(self, request: dict[str, Any]) -> _Reply:
        if request["REQUEST_METHOD"] != "GET":
            return _json(HTTPStatus.NOT_IMPLEMENTED, {"error": "this server only answers GET"})
        if request.get("HTTP_HOST") not in self.hosts:
            return _json(HTTPStatus.MISDIRECTED_REQUEST, {"error": f"this server is {self.url}"})
        if request["PATH_INFO"] == "/":
            return HTTPStatus.OK, "text/html; charset=utf-8", self.page
        if request["PATH_INFO"] not in (*QUESTIONS, TESTS):
            return _json(HTTPStatus.NOT_FOUND, {"error": f"nothing here; try {self.url}"})
        try:
            return _json(HTTPStatus.OK, self._asked(request["PATH_INFO"], request["QUERY_STRING"]))
        except (KazstanceError, ValueError) as error:
            return _json(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _asked(self, path: str, query: str) -> Any:
        """What a question asks for; the tests are null as long as they run."""
        if path == TESTS:
            return self.differences
        return QUESTIONS[path](self.rows, parse_qs(query, keep_blank_values=True, max_num_fields=10_000))

    def _close(self) -> None:
        """Close all sockets, which ends the loop."""
        for channel in list(self._sockets.values()):
            channel.close()


def _json(status: HTTPStatus, content: Any) -> _Reply:
    return status, "application/json; charset=utf-8", embed(content).encode()


def _open_files() -> int:
    """How many files the process may have open, after raising the limit as far as allowed and useful."""
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ModuleNotFoundError:
        return FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < FILES:
        soft = FILES if hard == unlimited else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return FILES if soft == unlimited else min(soft, FILES)

"""A server for datasets that are too large for one file: the same page, its rows fetched as they are asked for."""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from kazstance.errors import KazstanceError
from kazstance.explorer.overview import overview
from kazstance.explorer.page import embed, render
from kazstance.explorer.rows import Query, Rows

HOST: Final = "127.0.0.1"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
Fields = dict[str, list[str]]


class Explorer(ThreadingHTTPServer):
    """Answers this machine only, and only to requests that name it by its own address.

    Raises:
        KazstanceError: `data` is no built dataset, or the port is taken.
    """

    daemon_threads = True

    def __init__(self, data: Path, port: int) -> None:
        self.page = render(overview(data) | {"rows": None}, connect="'self'")
        self.rows = Rows(data)
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            raise KazstanceError(f"port {port}: {error.strerror}; choose another with --port") from None
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, but for readers who hung up."""
        import sys  # noqa: PLC0415

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """The page, and three questions that it asks; no address is ever a path of the disk."""

    server: Explorer
    protocol_version = "HTTP/1.1"
    server_version = "kazstance"
    sys_version = ""
    timeout = 60
    questions: ClassVar[dict[str, Callable[[Rows, Fields], Any]]] = {
        "/sentences": lambda rows, fields: rows.sentences(Query.parse(fields)),
        "/counts": lambda rows, fields: rows.counts(Query.parse(fields)),
        "/history": lambda rows, fields: rows.history(fields.get("sentence", [""])[-1]),
    }

    def do_GET(self) -> None:
        """Answer one request."""
        address = urlsplit(self.path)
        if self.headers.get("Host") not in self.server.hosts:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, {"error": f"this server is {self.server.url}"})
        elif address.path == "/":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page)
        elif address.path in self.questions:
            try:
                fields = parse_qs(address.query, keep_blank_values=True, max_num_fields=10_000)
                self._answer(HTTPStatus.OK, self.questions[address.path](self.server.rows, fields))
            except (KazstanceError, ValueError) as error:
                self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"nothing here; try {self.server.url}"})

    def log_message(self, *_: Any) -> None:
        """Keep quiet: the terminal is for what the user has to know."""

    def _answer(self, status: HTTPStatus, content: Any) -> None:
        self._send(status, "application/json; charset=utf-8", embed(content).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

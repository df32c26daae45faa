"""A server on 127.0.0.1 that speaks the protocol of chat completions, answers by rule, and fails in every way asked of it.

Only the server is made up: clients reach it over HTTP, as they do any other. What it answers follows from the question
alone, so that tests know what has to be recorded.
"""

import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SENTENCE = re.compile(r"(?s)The sentence:\n\n(.*)\n\Z")
FAULTS = (
    "busy",
    "busy_until",
    "error",
    "late",
    "dropped",
    "halved",
    "no_json",
    "broken",
    "refusal",
    "filtered",
    "filtered_400",
    "cut",
    "missing",
    "bad_label",
    "invented",
)
"""What can go wrong; those before `broken` give no answer in the protocol at all."""


def number(*parts: object) -> int:
    """A number that follows from some parts, the same everywhere."""
    return int.from_bytes(hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:6])


def answer_on(target: str, sentence: str):
    """What the made-up model thinks: usually that the sentence is not about the target."""
    label = ("none", "none", "none", "none", "favor", "against", "neutral", "none")[number(target, sentence) % 8]
    if label == "none":
        return "none"
    words = sentence.split()
    begin = number("evidence", target, sentence) % len(words)
    return {
        "label": label,
        "explicitness": None if label == "neutral" else ("explicit", "implicit")[number("e", target, sentence) % 2],
        "evidence": [" ".join(words[begin : begin + 3])],
        "certainty": ("sure", "unsure")[number("c", target, sentence) % 2],
    }


INVENTED = "words that no sentence holds, such as these"
LATE = 1.5
"""Seconds until a late answer comes."""
JSON = {"Content-Type": "application/json"}


Choose = Callable[[str, tuple[str, ...], int], str | None]
"""Which fault a sentence on some targets has the n-th time that it is asked; None for none."""


def named(model: str) -> str:
    """How the server names the model that answers."""
    return f"{model}-2031-01-01"


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_) -> None:
        """Nothing: clients that are killed reset their connections."""


class ChatServer:
    """The server; `asked` counts the requests by sentence and targets, and `answered` those answered in full."""

    def __init__(self, choose: Choose = lambda _sentence, _targets, _n: None, *, delay: float = 0.0) -> None:
        self.choose, self.delay = choose, delay
        self.asked: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.faults: Counter[str] = Counter()
        self.bodies: list[Mapping] = []
        self.keeps_bodies = False
        self.headers: list[Mapping[str, str]] = []
        self.lock = threading.Lock()
        self.open_now = 0
        self.most_open = 0
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket.listen(256)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "ChatServer":
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(server):  # noqa: N805  # it is the server that the handler belongs to
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_) -> None:
                pass

            def do_POST(self) -> None:
                content = self.rfile.read(length := int(self.headers["Content-Length"]))
                if len(content) < length:  # the client was killed while it wrote
                    self.close_connection = True
                    return
                body = json.loads(content)
                with server.lock:
                    server.open_now += 1
                    server.most_open = max(server.most_open, server.open_now)
                try:
                    server.respond(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with server.lock:
                        server.open_now -= 1

        return Handler

    def respond(self, handler: BaseHTTPRequestHandler, body: Mapping) -> None:
        """Answer a request, or fail as chosen."""
        if handler.path != "/v1/chat/completions":
            return self._send(handler, 404, {"error": {"message": "no such page"}})
        sentence = SENTENCE.search(body["messages"][-1]["content"])[1]
        schema = body["response_format"]["json_schema"]["schema"]
        targets = tuple(schema["required"])
        with self.lock:
            self.asked[sentence, targets] += 1
            n = self.asked[sentence, targets]
            if self.keeps_bodies:
                self.bodies.append(body)
                self.headers.append(dict(handler.headers))
        time.sleep(self.delay)
        fault = self.choose(sentence, targets, n)
        with self.lock:
            self.faults[fault or "none"] += 1
        given = {target: answer_on(target, sentence) for target in targets}
        return (
            self._fail(handler, body, given, sentence, fault)
            if fault
            else self._answer(handler, body, json.dumps(given))
        )

    def _fail(self, handler, body, given, sentence, fault) -> None:
        """Fail in one way: without an answer in the protocol, or with one that says the wrong thing."""
        first, text = next(iter(given)), json.dumps(given)
        soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1))
        said = {"label": "favor", "explicitness": "explicit", "evidence": [INVENTED], "certainty": "sure"}
        failures = {
            "busy": lambda: self._send(handler, 429, {"error": {"message": "slow down"}}, {"Retry-After": "0"}),
            "busy_long": lambda: self._send(handler, 429, {"error": {"message": "slow down"}}, {"Retry-After": "6"}),
            "busy_until": lambda: self._send(handler, 429, {"error": {"message": "slow down"}}, {"Retry-After": soon}),
            "denied": lambda: self._send(handler, 401, {"error": f"no such key: {handler.headers['Authorization']}"}),
            "error": lambda: self._send(handler, 503, {"error": {"message": "overloaded"}}),
            "late": lambda: (time.sleep(LATE), self._answer(handler, body, text)),
            "dropped": lambda: self._drop(handler),
            "halved": lambda: self._halve(handler),
            "no_json": lambda: self._write(handler, 200, b"<html>a proxy says hello</html>", JSON),
            "broken": lambda: self._answer(handler, body, text[:-3] + ',, "oh"'),
            "refusal": lambda: self._answer(handler, body, None, refusal="I cannot help with that."),
            "filtered": lambda: self._answer(handler, body, "", finish="content_filter"),
            "filtered_400": lambda: self._send(handler, 400, {"error": {"message": "no", "code": "content_filter"}}),
            "cut": lambda: self._answer(handler, body, text[: len(text) // 2], finish="length"),
            "missing": lambda: self._answer(handler, body, json.dumps({n: g for n, g in given.items() if n != first})),
            "bad_label": lambda: self._answer(handler, body, json.dumps(given | {first: said | {"label": "maybe"}})),
            "invented": lambda: self._answer(handler, body, json.dumps(given | {first: said})),
        }
        failures[fault]()

    def _drop(self, handler) -> None:
        """Reset the connection."""
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    def _halve(self, handler) -> None:
        """Send less than was announced."""
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "5000")
        handler.end_headers()
        handler.wfile.write(b'{"id": "half of an ans')
        handler.close_connection = True

    def _answer(self, handler, body, content, *, refusal=None, finish="stop") -> None:
        tokens = sum(len(message["content"]) for message in body["messages"]) // 4
        message = {"role": "assistant", "content": content, **({"refusal": refusal} if refusal else {})}
        found = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": named(body["model"]),
            "system_fingerprint": "fp_made_up",
            "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
            "usage": {
                "prompt_tokens": tokens,
                "completion_tokens": len(content or "") // 4,
                "total_tokens": tokens + len(content or "") // 4,
                "prompt_tokens_details": {"cached_tokens": tokens // 2},
            },
        }
        self._send(handler, 200, found)

    def _send(self, handler, status: int, value, headers=()) -> None:
        self._write(handler, status, json.dumps(value).encode(), JSON | dict(headers))

    def _write(self, handler, status: int, content: bytes, headers) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        handler.wfile.flush()

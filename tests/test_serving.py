"""The explorer's server under load: real sockets, many at once, and some that never finish their requests."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.commands import argv, environment

CLIENTS = 500


@pytest.fixture(scope="module", autouse=True)
def _many_files():
    """Let this process, whose clients are sockets too, have as many files open as it needs."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4 * CLIENTS
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (enough if hard == resource.RLIM_INFINITY else min(enough, hard), hard)
        )


@pytest.fixture(scope="module")
def port(harbour_data):
    """A server as a real process."""
    command = [sys.executable, "-m", "kazstance", *argv("explore serve", data=harbour_data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        yield int(re.match(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())[1])
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def ask(port, path, found, start):
    """Send one request on a separate socket as soon as all are ready, and record the status and the time it took."""
    start.wait()
    begun = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            host = f"127.0.0.1:{port}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            content = b""
            while part := connection.recv(65536):
                content += part
        head, _, body = content.partition(b"\r\n\r\n")
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        found.append((head.split(b" ")[1] if len(body) == length else b"cut", time.monotonic() - begun))
    except OSError as error:
        found.append((type(error).__name__, time.monotonic() - begun))


def ask_at_once(port, count, path="/sentences?source=dockers"):
    """Statuses of clients that all send requests at the same time, and the longest wait in seconds."""
    found, start = [], threading.Event()
    threads = [threading.Thread(target=ask, args=(port, path, found, start)) for _ in range(count)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()
    return Counter(status for status, _ in found), max(wait for _, wait in found)


@pytest.mark.parametrize("path", ["/sentences?source=dockers", "/"])
def test_many_clients_at_once_are_all_answered(path, port):
    statuses, longest = ask_at_once(port, CLIENTS, path)
    assert statuses == {b"200": CLIENTS}
    assert longest < 30


def half_open(port, count):
    """Clients that begin a request and never finish it."""
    held = []
    for i in range(count):
        held.append(socket.create_connection(("127.0.0.1", port), timeout=60))
        held[-1].sendall((b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1")[i % 3])
    return held


def test_clients_that_never_finish_starve_nobody(port):
    held = half_open(port, CLIENTS)
    try:
        statuses, longest = ask_at_once(port, CLIENTS)
        assert statuses == {b"200": CLIENTS}
        assert longest < 30
        statuses, longest = ask_at_once(port, 1)
        assert (statuses, longest < 5) == ({b"200": 1}, True)
    finally:
        for connection in held:
            connection.close()


def test_the_number_of_threads_does_not_grow_with_clients(port, harbour_data):
    tasks = Path("/proc")
    if not tasks.is_dir():
        pytest.skip("threads are counted in /proc")
    held = half_open(port, 50)
    (server,) = [
        int(folder.name)
        for folder in tasks.iterdir()
        if folder.name.isdigit() and _parent(folder) == os.getpid() and b"--serve" in (folder / "cmdline").read_bytes()
    ]
    before = len(list((tasks / str(server) / "task").iterdir()))
    held += half_open(port, 100)
    ask_at_once(port, 50)
    assert len(list((tasks / str(server) / "task").iterdir())) == before
    for connection in held:
        connection.close()


def _parent(folder):
    try:
        return int(re.search(r"PPid:\s+(\d+)", (folder / "status").read_text())[1])
    except OSError:
        return None

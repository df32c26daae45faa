"""A process that has imported everything and runs commands in forks of itself, which end or fail at a given moment.

Each line of its standard input is an order in JSON, each line of its output the result: starting Python would cost
more than most commands.
"""

import atexit
import contextlib
import importlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from tests.commands import Finished, argv, environment

EVENTS = {
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.utime",
}  # fmt: skip
"""Events that change files, besides opening one to write; unlink raises `os.remove`, replace and a swap raise `os.rename`."""
MODULES = (
    "kazstance.cli", "kazstance.corpus.build", "kazstance.publish.hub", "kazstance.publish.upload", "kazstance.annotate.filled_sheet",
    "kazstance.annotate.sheet_folder", "kazstance.annotate.by_model.model_run", "openai", "kazstance._benchmark", "kazstance.bench.dataset_tasks",
    "kazstance.models.baselines", "kazstance.bench.page", "kazstance.explorer.page", "kazstance.plot.pictures", "kazstance.comparison",
    "kazstance.predictions", "kazstance.models.training", "kazstance.models.prediction_folder", "build_scripts.__main__", "pyarrow.parquet", "pyarrow.json", "pyarrow.csv",
)  # fmt: skip


@dataclass
class Order:
    """What to run: a command, or the recipe if `argv` is `build_scripts`.

    It is killed before the change to files number `kill_at`, or `kill_after` seconds, or the change number `fail_at`
    fails with `error`. If `exchanges` is off, the file system cannot swap two folders in one step.
    """

    argv: list[str]
    cwd: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    kill_at: int = 0
    kill_after: float = 0
    fail_at: int = 0
    error: int = 0
    largest: int = 0
    user: int = 0
    umask: int = 0o022
    exchanges: bool = True


class Killer:
    """The process; `run` gives it an order."""

    def __init__(self, package: Path | None = None, **variables: str):
        env = environment(**variables) if package is None else environment(PYTHONPATH=str(package), **variables)
        tests = str(Path(__file__).parents[1])
        env["PYTHONPATH"] += os.pathsep + tests
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.killing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            cwd="/",
        )

    def run(self, order: Order) -> tuple[Finished, int]:
        """The result of an order, and how many changes to files it made or tried."""
        self.process.stdin.write(json.dumps(asdict(order)) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        return Finished(found["code"], found["out"], found["err"]), found["events"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@cache
def killer() -> Killer:
    """The process for the package under test, which runs as long as the tests."""
    found = Killer()
    atexit.register(found.close)
    return found


def forked(
    name: str, /, *more: str | Path, cwd: str | Path = "/", umask: int = 0o022, largest: int = 0, **places: str | Path
) -> Finished:
    """Run a command as `tests.commands.run` does, in a fork."""
    return killer().run(Order(argv(name, *more, **places), cwd=str(cwd), umask=umask, largest=largest))[0]


def changes_files(event: str, args: tuple) -> bool:
    if event == "open":
        return (
            isinstance(args[2], int)
            and bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            and args[0] != os.devnull
        )
    return event in EVENTS


def watch(order: Order, counter: int) -> None:
    """Count the changes to files, and end or fail at the requested one."""
    seen = 0

    def hook(event, args):
        nonlocal seen
        if not changes_files(event, args):
            return
        seen += 1
        os.pwrite(counter, str(seen).encode(), 0)
        if seen == order.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if seen == order.fail_at:
            raise OSError(order.error, os.strerror(order.error), str(args[0]))

    sys.addaudithook(hook)


def prepare(order: Order) -> None:
    os.chdir(order.cwd)
    os.environ.update(order.env)
    os.umask(order.umask)
    tempfile.tempdir = order.env.get("TMPDIR")  # otherwise Python tests the folder with a file of its own
    if not order.exchanges:
        importlib.import_module("kazstance.output.folders").exchange = lambda *_: False
    if order.largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest, order.largest))
    if order.user:
        os.setgroups([])
        os.setgid(order.user)
        os.setuid(order.user)


def execute(order: Order, counter: int) -> int:
    """Run a command as the interpreter would."""
    prepare(order)
    if order.argv[:1] == ["build_scripts"]:
        program = sys.modules["build_scripts.__main__"].build_all
    else:
        from kazstance.cli import app

        def program():
            app(order.argv, prog_name="kazstance")

    watch(order, counter)
    if order.kill_after:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, order.kill_after)
    try:
        program()
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
            return 1
        return error.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1
    return 0


def text_stream(number: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.FileIO(number, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
    )


def fork(order: Order) -> dict:
    """Run an order in a fork, its output in files."""
    files = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115
    out, err, counter = (file.fileno() for file in files)
    process = os.fork()
    if process == 0:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = text_stream(1), text_stream(2)
        code = execute(order, counter)
        sys.stdout.flush()
        os._exit(code)
    _, status = os.waitpid(process, 0)
    texts = [os.pread(file.fileno(), 1 << 24, 0).decode(errors="replace") for file in files]
    return {"code": os.waitstatus_to_exitcode(status), "out": texts[0], "err": texts[1], "events": int(texts[2] or 0)}


def serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        answers.write(json.dumps(fork(Order(**json.loads(line)))) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()

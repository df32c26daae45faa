"""If anything goes wrong, a command says so in one line and exits with 1; with 2 for wrong usage, 130 for an interrupt."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app
from kazstance.errors import InputError, Problem, UnknownNameError
from tests.commands import COMMANDS, argv, call, environment, run

NOISY = re.compile(r"Traceback|Error:|^\s+File ", re.MULTILINE)


def in_one_line(code: int, err: str, *expected: str, exit_code: int = 1) -> None:
    """One line that contains the expected text."""
    assert code == exit_code, err
    assert len(err.splitlines()) == 1, err
    assert not NOISY.search(err)
    for part in expected:
        assert part in err


@pytest.fixture
def data(harbour_data, tmp_path) -> Path:
    return Path(shutil.copytree(harbour_data, tmp_path / "data"))


# A damaged dataset


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def rename_columns(file: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file).read()
    pq.write_table(table.rename_columns([f"{name}_" for name in table.column_names]), file)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGES = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut": truncate,
    "text": lambda file: file.write_text("PAR1"),
    "folder": make_folder,
    "columns": rename_columns,
}
READING = {
    "show": ("stances", {}),
    "export": ("stances", {"table": "stances"}),
    "compare": ("stances", {}),
    "agreement": ("judgements", {}),
    "drift": ("judgements", {}),
    "explore": ("sentences", {}),
    "bench run": ("stances", {"system": "majority"}),
    "why": ("grid", {"sentence": "dockers/1/1", "target": "toll"}),
    "license": ("sources", {}),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", READING)
def test_a_damaged_dataset_leads_to_verify(data, tmp_path, name, damage):
    table, places = READING[name]
    for file in (data / table).glob("*.parquet"):
        DAMAGES[damage](file)
    more = ("--data", data) if name == "bench run" else ()
    done = call(
        name, *more, data=data, out=tmp_path / "out.csv" if name == "export" else tmp_path / "out.html", **places
    )
    in_one_line(done.exit_code, done.stderr, f"{data / table}", f"kazstance verify --data {data}")


@pytest.mark.parametrize("name", ["show", "export", "compare", "explore", "bench run"])
def test_a_column_of_another_type_in_one_split_leads_to_verify(data, tmp_path, name):
    file = data / "stances" / "test.parquet"
    table = pq.read_table(file)
    at = table.column_names.index("label_name")
    pq.write_table(table.set_column(at, "label_name", pa.array([0] * len(table), pa.timestamp("ms"))), file)
    places = {
        "table": "stances",
        "system": "majority",
        "out": tmp_path / ("out.csv" if name == "export" else "out.html"),
    }
    done = call(name, *(("--data", data) if name == "bench run" else ()), data=data, **places)
    in_one_line(
        done.exit_code, done.stderr, "label_name: a column of type timestamp[ms]", f"kazstance verify --data {data}"
    )


@pytest.mark.full
@pytest.mark.parametrize(
    "name",
    [
        "show",
        "why",
        "agreement",
        "drift",
        "explore",
        "bench run",
        "compare",
        "compare disagreements",
        "compare distances",
    ],
)
@pytest.mark.parametrize("damage", ["without ids", "with other ids"])
def test_tables_that_do_not_go_together_lead_to_verify(data, tmp_path, name, damage):
    """No command calls it unexpected; some need nothing of the table, or say that there is no such target."""
    file = data / "targets" / "all.parquet"
    table = pq.read_table(file)
    at = table.column_names.index("target_id")
    others = pa.array([f"other_{name}" for name in table["target_id"].to_pylist()])
    pq.write_table(
        table.remove_column(at) if damage == "without ids" else table.set_column(at, "target_id", others), file
    )
    more = ("--data", data) if name == "bench run" else ()
    done = call(name, *more, data=data, out=tmp_path / "out.html", **READING.get(name, ("", {}))[1])
    assert "unexpected" not in done.stderr
    if damage == "without ids" or done.exit_code == 1:
        in_one_line(done.exit_code, done.stderr, f"kazstance verify --data {data}")
    assert call("verify", data=data).exit_code == 1


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text", "folder"])
def test_a_damaged_version_leads_to_verify(data, harbour_data, side, damage):
    DAMAGES[damage](data / "targets" / "all.parquet")
    done = call("diff", **({"old": harbour_data, "new": harbour_data} | {side: data}))
    in_one_line(done.exit_code, done.stderr, f"kazstance verify --data {data}")


@pytest.mark.parametrize("name", ["info", "show", "compare", "agreement", "license", "cite", "verify"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"tables":' * 20_000, "recursion limit exceeded"),
        ("null", "Input should be an object"),
        ('{"tables": {}}', "Field required"),
        ("{x", "expected JSON"),
    ],
)
def test_a_damaged_manifest_is_named(data, name, content, expected):
    (data / "manifest.json").write_text(content)
    done = call(name, data=data)
    lines = done.stderr.splitlines()
    assert done.exit_code == 1
    assert lines
    assert all("manifest.json: " in line and expected in line for line in lines), lines
    assert not NOISY.search(done.stderr)
    assert (f"kazstance verify --data {data}" in done.stderr) == (name != "verify")


@pytest.mark.parametrize("name", ["info", "verify", "show", "compare"])
def test_a_file_is_not_a_dataset(tmp_path, name):
    (tmp_path / "file").write_text("x")
    done = call(name, data=tmp_path / "file")
    in_one_line(done.exit_code, done.stderr, "is not a folder; expected a built dataset")


# Places that cannot be written or read


@pytest.mark.parametrize("name", ["explore", "export"])
@pytest.mark.parametrize("kind", ["below a file", "a long name", "a folder"])
def test_places_that_cannot_be_written_are_named(harbour_data, tmp_path, name, kind):
    suffix = {"explore": ".html", "export": ".csv"}[name]
    (tmp_path / "file").write_text("x")
    (tmp_path / f"folder{suffix}").mkdir()
    out = {"below a file": f"file/x{suffix}", "a long name": "x" * 300 + suffix, "a folder": f"folder{suffix}"}[kind]
    done = call(name, data=harbour_data, out=tmp_path / out, table="targets")
    in_one_line(done.exit_code, done.stderr, str(tmp_path))
    assert list((tmp_path / f"folder{suffix}").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("name", ["info", "export", "help"])
def test_a_full_standard_output_is_one_line(harbour_data, name):
    arguments = argv(name, data=harbour_data, table="stances", out="x")[: 4 if name == "export" else None]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kazstance", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            check=False,
        )
    in_one_line(done.returncode, done.stderr, "standard output", "No space left on device")


def test_a_closed_standard_output_is_one_line(harbour_data):
    command = " ".join([sys.executable, "-m", "kazstance", *argv("info", data=harbour_data)])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} >&-"], stderr=subprocess.PIPE, env=environment(), text=True, check=False
    )
    in_one_line(done.returncode, done.stderr, "standard output is closed")


@pytest.mark.parametrize(
    "encoding",
    ["ascii", *(pytest.param(encoding, marks=pytest.mark.full) for encoding in ("cp1252", "utf-8", "utf-16"))],
)
@pytest.mark.parametrize("name", ["show", "compare", "why"])
def test_an_output_in_another_encoding_fails_no_command(harbour_data, name, encoding):
    done = run(name, data=harbour_data, sentence="dockers/1/1", target="toll", env={"PYTHONIOENCODING": encoding})
    assert (done.code, done.err) == (0, "")


def test_json_loses_nothing_in_another_encoding(harbour_data):
    plain, ascii_only = (
        run("show", "--json", data=harbour_data, env={"PYTHONIOENCODING": e}) for e in ("utf-8", "ascii")
    )
    assert json.loads(plain.out) == json.loads(ascii_only.out)


@pytest.mark.full
def test_a_build_does_not_fail_at_its_own_progress(harbour, tmp_path):
    done = run("build", corpus=harbour, out=tmp_path / "out", env={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0, done.err
    kazstance.verify(data=tmp_path / "out")


# Suffixes of files


@pytest.mark.parametrize(
    ("name", "more", "out"),
    [
        ("export", (), "x.ods"),
        ("export", (), "x"),
        ("export", ("--format", "csv"), "x.jsonl"),
        ("export", ("--format", "parquet"), "x.xlsx"),
        ("explore", (), "x.pdf"),
        ("bench report", ("runs",), "x.docx"),
    ],
)
def test_an_ending_that_is_not_known_is_refused_before_any_work(tmp_path, name, more, out):
    done = call(name, *more, data=tmp_path / "nowhere", out=tmp_path / out, table="positions")
    in_one_line(done.exit_code, done.stderr, "choose from .", exit_code=2)
    assert list(tmp_path.iterdir()) == []


def test_an_ending_of_a_chart_is_refused_before_any_work(tmp_path):
    done = call("compare", "--chart", tmp_path / "x.bmp", data=tmp_path / "nowhere")
    in_one_line(done.exit_code, done.stderr, "choose from .svg, .pdf, .png, .html", exit_code=2)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "CSV"])
def test_the_ending_says_what_is_written(harbour_data, tmp_path, suffix):
    from kazstance.input.tables import read_table

    out = tmp_path / f"x.{suffix}"
    assert call("export", data=harbour_data, table="targets", out=out).exit_code == 0
    assert read_table(out.rename(tmp_path / f"y.{suffix.lower()}")).num_rows == 3


# Names


def test_a_wrong_name_is_answered_with_the_nearest():
    assert str(UnknownNameError("stanc", "table", ["stances", "grid"])).endswith(
        "choose from stances, grid; did you mean stances?"
    )
    many = [f"name{i}" for i in range(1000)]
    assert str(UnknownNameError("nam7", "target", many)) == "'nam7' is not a target; did you mean name7?"
    far = str(UnknownNameError("x", "target", many))
    assert far.endswith("name19, … and 980 more")
    assert "did you mean" not in far


@pytest.mark.parametrize(
    ("name", "more", "places"),
    [
        ("show", ("--target", "tol"), {}),
        ("export", (), {"table": "stance", "out": "x.csv"}),
        ("bench run", (), {"system": "majorty", "out": "x"}),
        ("bench run", ("--task", "stanse"), {"system": "majority", "out": "x"}),
        ("why", (), {"sentence": "dockers/1/1", "target": "tol"}),
    ],
)
def test_wrong_names_exit_with_2_and_suggest(harbour_data, name, more, places):
    more = (*more, "--data", harbour_data) if name.startswith("bench") else more
    done = call(name, *more, data=harbour_data, **places)
    in_one_line(done.exit_code, done.stderr, "did you mean", exit_code=2)


# Many problems


@given(st.lists(st.integers(1, 300), min_size=1, max_size=100, unique=True), st.booleans())
def test_problems_are_listed_in_order_and_counted(numbers, is_row):
    problems = [
        Problem("x", None if is_row else n, "id", f"'{n}', expected a name", n if is_row else None) for n in numbers
    ]
    lines = str(InputError(problems)).splitlines()
    expected = [str(problem) for _, problem in sorted(zip(numbers, problems, strict=True))]
    assert lines[:20] == expected[:20]
    assert lines[20:] == ([f"x: id: and {len(numbers) - 20} more of this kind"] if len(numbers) > 20 else [])


def test_each_kind_is_listed_and_its_remedy_is_said_once():
    problems = [Problem("x", n, "label", f"'{n}', expected favor", remedy="pass --map") for n in range(1, 31)]
    lines = str(InputError([*problems, Problem("x", 99, "id", "nothing, expected something")])).splitlines()
    assert lines.count("pass --map") == 1
    assert "x:99: id: nothing, expected something" in lines
    assert len(lines) == 23


@pytest.mark.full
@pytest.mark.parametrize("which", ["score", "build"])
def test_two_hundred_thousand_bad_lines_are_a_short_message(harbour, tmp_path, which):
    lines = tmp_path / "x.jsonl"
    lines.write_text("1\n" * 200_000)
    started = time.perf_counter()
    if which == "score":
        done = run("score", "--id", "id", gold=lines, pred=lines)
    else:
        shutil.copy(lines, harbour / "annotations" / "a.jsonl")
        done = run("build", corpus=harbour, out=tmp_path / "out")
    assert done.code == 1
    assert 20 < len(done.err.splitlines()) < 60
    assert "and 9,980 more of this kind" in done.err
    assert "x.jsonl:10000: 10,000 problems up to here" in done.err or "a.jsonl:10000: 10,000 problems" in done.err
    assert time.perf_counter() - started < 60


def test_rows_are_in_the_order_of_their_numbers(tmp_path):
    gold = tmp_path / "gold.csv"
    gold.write_text(
        "id,text,target,label\n"
        + "".join(f"{i},a,b,{f'X{i}' if i in (2, 10, 100) else 'favor'}\n" for i in range(1, 120))
    )
    done = call(
        "bench run on files",
        "--id",
        "id",
        "--text",
        "text",
        "--target",
        "target",
        "--label",
        "label",
        system="majority",
        train=gold,
        test=gold,
        out=tmp_path / "out",
    )
    assert [int(n) for n in re.findall(r"in row (\d+)", done.stderr)] == [2, 10, 100]
    assert "--preset" in done.stderr.splitlines()[-1]


# Tracebacks on request


@pytest.mark.parametrize("where", ["before", "after"])
def test_debug_shows_the_traceback(tmp_path, where):
    arguments = argv("info", data=tmp_path)
    done = CliRunner().invoke(app, ["--debug", *arguments] if where == "before" else [*arguments, "--debug"])
    assert done.exit_code == 1
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1] == f"{tmp_path / 'manifest.json'} is missing; expected a built dataset"


def test_debug_within_a_group(tmp_path):
    (tmp_path / "x").mkdir()
    for arguments in (["bench", "--debug", "compare", str(tmp_path)], ["bench", "compare", str(tmp_path), "--debug"]):
        assert "Traceback" in CliRunner().invoke(app, arguments).stderr


@pytest.mark.full
def test_every_command_has_debug():
    for name, parts in COMMANDS.items():
        if name != "help":
            words = [part for part in parts[:2] if not part.startswith(("-", "{"))]
            assert "--debug" in CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).stdout, name


def test_an_error_that_nobody_thought_of_is_one_line(harbour_data, tmp_path, monkeypatch):
    from kazstance import dataset

    def fail(**_):
        raise LookupError("two\nlines")

    monkeypatch.setattr(dataset, "manifest", fail)
    done = call("info", data=harbour_data)
    in_one_line(done.exit_code, done.stderr, "LookupError (two lines)", "--debug")
    assert "verify" not in done.stderr
    damaged = Path(shutil.copytree(harbour_data, tmp_path / "damaged"))
    (damaged / "targets" / "all.parquet").write_bytes(b"PAR1")
    done = call("info", data=damaged)
    in_one_line(
        done.exit_code, done.stderr, f"{damaged}: the dataset is damaged; run: kazstance verify --data {damaged}"
    )


@pytest.mark.parametrize("arguments", [["show", "--limit", "-1"], ["nothing"], ["show", "--nothing"], ["score"]])
def test_wrong_usage_exits_with_2(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "kazstance", *arguments], capture_output=True, env=environment(), text=True, check=False
    )
    assert done.returncode == 2
    assert not NOISY.search(done.stderr.replace("Error ", ""))


# Interrupts


@pytest.mark.full
@pytest.mark.parametrize("delay", [0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0])
def test_an_interrupt_is_silent_while_modules_load_too(delay):
    code = "import sys; from kazstance.__main__ import main; sys.stdout.write('.'); sys.stdout.flush(); sys.argv = ['kazstance', 'explore', '--serve', '--port', '0']; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
    )
    assert process.stdout.read(1) == "."
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode in ((0, 130) if "http" in out else (130,))


@pytest.mark.full
@pytest.mark.parametrize("module", ["time.sleep(0.2)", "while True: time.sleep(0.05)"])
def test_an_interrupt_waits_for_a_module_that_is_loading_but_not_for_ever(module, tmp_path):
    begin = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "loading.py").write_text(f"{begin}{module}\nprint('loaded', flush=True)\n")
    code = "from kazstance import interrupts; interrupts.raise_again(); import loading; import time; time.sleep(60)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env=environment() | {"PYTHONPATH": os.pathsep.join([str(tmp_path), environment().get("PYTHONPATH", "")])},
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout == "loaded\n") == (module != "while True: time.sleep(0.05)")
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.full
def test_an_interrupt_that_a_module_swallows_ends_the_server_all_the_same():
    code = """
import os, signal, sys
from kazstance.__main__ import main
from kazstance.explorer import server
enter = server.Explorer.__enter__
def swallow(self):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pass
    return enter(self)
server.Explorer.__enter__ = swallow
sys.argv = ["kazstance", "explore", "--serve", "--port", "0"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment(), text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.full
def test_an_interrupt_that_is_ignored_stays_ignored(harbour_data):
    command = " ".join([sys.executable, "-m", "kazstance", *argv("agreement", data=harbour_data)])
    done = subprocess.run(
        ["/bin/sh", "-c", f"trap '' INT; {command} & sleep 0.2; kill -INT $!; wait $!"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# The end

ABORTING = """
import atexit, ctypes, sys
from kazstance.__main__ import main
library = ctypes.CDLL(None)
library.__cxa_atexit(ctypes.cast(library.abort, ctypes.c_void_p), None, None)
atexit.register(print, "handled")
sys.argv = ["kazstance", *sys.argv[1:]]
main()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="registers a handler of the GNU C library")
@pytest.mark.parametrize(
    ("line", "code"), [(["schema"], 0), (["info", "--data", "nowhere"], 1), (["schema", "--wrong"], 2)]
)
def test_a_library_that_fails_while_it_is_taken_down_changes_neither_output_nor_exit_code(line, code):
    """As those do that keep threads of their own, now and then."""
    plain, aborting = (
        subprocess.run([sys.executable, *how, *line], capture_output=True, env=environment(), text=True, check=False)
        for how in (["-m", "kazstance"], ["-c", ABORTING])
    )
    assert (plain.returncode, aborting.returncode) == (code, code)
    assert aborting.stdout == f"{plain.stdout}handled\n"
    assert aborting.stderr == plain.stderr


@pytest.mark.parametrize(("code", "expected", "said"), [("None", 0, ""), ("7", 7, ""), ("'so'", 1, "so\n")])
def test_the_program_ends_when_its_threads_have_and_as_python_would(code, expected, said):
    program = f"""
import threading, time
from kazstance.ending import end
threading.Thread(target=lambda: (time.sleep(0.1), print("worked", end=""))).start()
end({code})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=environment(), text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (expected, "worked", said)


def test_the_console_script_is_the_same_entry():
    import tomllib

    scripts = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"kazstance": "kazstance.__main__:main"}
    assert os.access(Path(kazstance.__file__).with_name("__main__.py"), os.R_OK)

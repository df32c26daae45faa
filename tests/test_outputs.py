"""Outputs are complete or absent, and neither replace nor lose anything that is not ours."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import tomllib
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kazstance import dataset
from kazstance.annotate.filled_sheet import Person, import_answers
from kazstance.annotate.plan import Plan, plan_bytes
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.corpus.read import read
from kazstance.errors import CorpusWarning, KazstanceError
from kazstance.output import folders
from kazstance.output.files import filling, write_file
from kazstance.output.folders import FolderKind, creating, replacing
from kazstance.output.staging import PREFIX, scratch, staging
from kazstance.publish.hub import build_dataset
from tests.commands import argv, environment, messages
from tests.conftest import HARBOUR, quiet
from tests.killing import forked
from tests.test_annotate import fill_csv, write_rows

NOBODY = 65534


def listed(folder):
    """The files that a manifest in these tests lists."""
    try:
        found = json.loads((folder / "list.json").read_text())
        return {"list.json": None, **found["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


LIST = FolderKind("folder of tests", "list.json", listed)


def fill(folder: Path, **files: str) -> None:
    """Files and the manifest that lists them."""
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "list.json").write_text(json.dumps({"files": dict.fromkeys(files)}))


def put(out: Path, **files: str) -> list[str]:
    """Replace a folder; return the messages."""
    said: list[str] = []
    with replacing(out, LIST, said.append) as folder:
        fill(folder, **files)
    return said


def state(folder: Path) -> dict[str, object]:
    """Everything in a folder, links as their targets."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


def leftovers(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob(f"{PREFIX}*")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small corpus as `kazstance build` writes it."""
    out = tmp_path_factory.mktemp("built") / "out"
    build_dataset(HARBOUR, out, quiet)
    return out


@pytest.fixture
def world(tmp_path, built):
    """A folder with a built dataset in it, to be built over."""
    shutil.copytree(built, tmp_path / "out")
    return tmp_path


@pytest.fixture
def open_folder():
    """A folder that every user can look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def sheet(harbour, tmp_path):
    export_sheets(harbour, "p1", tmp_path / "sheets")
    write_rows(tmp_path / "sheets", fill_csv(tmp_path / "sheets"))
    return tmp_path / "sheets"


def import_sheet(corpus, sheet, *more):
    return forked("annotate import", *more, corpus=corpus, sheet=sheet / "filled.csv")


def one_line(done, *parts):
    """A refusal: one line on standard error that contains all of this, after any warnings about a corpus."""
    assert done.code == 1, done
    assert len([line for line in messages(done.err) if not line.startswith("warning: ")]) == 1, done.err
    for part in parts:
        assert part in done.err, done.err


# Folders that are not ours.

FOREIGN = {
    "a web extension": '{"manifest_version": 3, "name": "tabs"}',
    "an empty object": "{}",
    "an empty file": "",
    "a list": "[]",
    "nested brackets": "[" * 100_000,
    "a number": "7",
    "not text": "\x00\x01",
    "tables that are none": '{"tables": {"stances": {}}}',
}


@pytest.mark.parametrize("content", FOREIGN)
def test_a_folder_with_a_manifest_of_something_else_is_left_alone(content, tmp_path):
    app = tmp_path / "app"
    (app / "src").mkdir(parents=True)
    (app / "manifest.json").write_text(FOREIGN[content])
    (app / "thesis.docx").write_text("years of work")
    before = state(tmp_path)
    with pytest.raises(
        KazstanceError, match=r"contains 'manifest.json', 'src/', 'thesis.docx' but no manifest.json of a dataset"
    ):
        build_dataset(HARBOUR, app, quiet)
    assert state(tmp_path) == before


@pytest.mark.full
def test_the_command_refuses_a_folder_of_something_else_in_one_line(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "manifest.json").write_text(FOREIGN["a web extension"])
    before = state(tmp_path)
    one_line(
        forked("build", corpus=HARBOUR, out=tmp_path / "app"),
        "app contains 'manifest.json'",
        "expected a new or empty folder",
    )
    assert state(tmp_path) == before


@pytest.mark.full
def test_what_the_manifest_does_not_list_is_carried_over_and_named(world):
    out = world / "out"
    (out / "my_notes.txt").write_text("notes")
    (out / "my_notes.txt").chmod(0o600)
    (out / "README.md").write_text("# A card of my own\n")
    (out / ".git" / "objects").mkdir(parents=True)
    (out / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (out / ".git" / "objects").chmod(0o555)
    (out / "plots").mkdir()
    (out / "plots" / "plot.png").write_bytes(b"png")
    (out / "empty").mkdir()
    (out / "link").symlink_to("my_notes.txt")
    (out / "dangling").symlink_to("nowhere")
    theirs = {
        name: content for name, content in state(out).items() if name not in listed_files(out) or name == "README.md"
    }
    (out / "stances" / "train.parquet").write_bytes(b"damaged")
    (out / "croissant.json").unlink()
    done = forked("build", corpus=HARBOUR, out=out)
    assert done.code == 0, done.err
    after = state(out)
    assert theirs.items() <= after.items()
    assert stat.S_IMODE((out / "my_notes.txt").stat().st_mode) == 0o600
    assert stat.S_IMODE((out / ".git" / "objects").stat().st_mode) == 0o555
    assert dataset.verify(data=out).id == "harbour"
    assert (out / "croissant.json").is_file()
    kept = {".git", "README.md", "dangling", "empty", "link", "my_notes.txt", "plots"}
    assert {line.split("'")[1] for line in messages(done.err)} == kept
    assert leftovers(world) == []
    assert forked("build", corpus=HARBOUR, out=out).code == 0
    assert state(out) == after


def listed_files(out):
    found = json.loads((out / "manifest.json").read_text())
    return {
        "manifest.json",
        *found["pages"],
        *(f["path"] for splits in found["tables"].values() for f in splits.values()),
    } | {f"{table}" for table in found["tables"]}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "croissant.json").write_text("mine"),
        lambda out: (
            (out / "eval.yaml").unlink(),
            (out / "eval.yaml").mkdir(),
            (out / "eval.yaml" / "x").write_text("mine"),
        ),
        lambda out: (
            (out / "grid" / "test.parquet").unlink(),
            (out / "grid" / "test.parquet").symlink_to(out / "manifest.json"),
        ),
        lambda out: (shutil.move(out / "grid", out.parent / "grid"), (out / "grid").symlink_to(out.parent / "grid")),
    ],
)
def test_a_file_of_theirs_that_would_be_overwritten_stops_the_build(spoil, world):
    spoil(world / "out")
    before = state(world)
    with pytest.raises(KazstanceError, match=r"would overwrite .*, which manifest.json does not list in this form"):
        build_dataset(HARBOUR, world / "out", quiet)
    assert state(world) == before


def test_a_manifest_lists_the_pages_that_were_written(built):
    assert set(state(built)) == listed_files(built)


def test_a_new_folder_that_is_not_as_it_lists_itself_does_not_replace_the_old(tmp_path):
    put(tmp_path / "out", a="old")
    before = state(tmp_path)

    def write(spoil):
        with replacing(tmp_path / "out", LIST) as folder:
            fill(folder, a="new")
            spoil(folder)

    for spoil in (
        lambda folder: (folder / "list.json").unlink(),
        lambda folder: (folder / "a").unlink(),
        lambda folder: (folder / "more").write_text("x"),
    ):
        with pytest.raises(KazstanceError, match=r"the new folder of tests does not match its list.json"):
            write(spoil)
        assert state(tmp_path) == before


def test_a_failure_while_writing_leaves_the_old_folder(tmp_path):
    put(tmp_path / "out", a="old")
    before = state(tmp_path)

    def write(out):
        with replacing(out, LIST) as folder:
            fill(folder, a="new")
            raise RuntimeError("the power fails")

    for out in (tmp_path / "out", tmp_path / "some" / "new" / "folder"):
        with pytest.raises(RuntimeError, match="the power fails"):
            write(out)
        assert state(tmp_path) == before


# Where an output may be.


def test_an_output_behind_a_link_is_written_through_it(world, tmp_path):
    (world / "out").rename(world / "real")
    (world / "link").symlink_to("real")
    (world / "real" / "stances" / "train.parquet").write_bytes(b"damaged")
    assert forked("build", corpus=HARBOUR, out=world / "link").code == 0
    assert str((world / "link").readlink()) == "real"
    assert dataset.verify(data=world / "real").id == "harbour"
    (world / "page.html").symlink_to("later.html")
    assert forked("explore", data=world / "real", out=world / "page.html").code == 0
    assert str((world / "page.html").readlink()) == "later.html"
    assert (world / "later.html").read_bytes().startswith(b"<!")


@pytest.mark.full
def test_places_that_cannot_be_written_are_refused_in_one_line(built, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    for ending in ("html", "csv"):
        (tmp_path / "folder" / f"sub.{ending}").mkdir()
        (tmp_path / f"loop.{ending}").symlink_to(f"loop.{ending}")
    (tmp_path / "loop").symlink_to("loop")
    corpus = shutil.copytree(HARBOUR, tmp_path / "corpus")
    before = state(tmp_path)
    long = "n" * 250
    endings = {"explore": ".html", "export": ".csv"}
    refused = {
        "build": {".": "is the current folder", "..": "is the current folder or contains it", "../../file": "is a file, expected a folder", "../../file/below": "is not a folder", "../../file/far/below": "is not a folder", "../../loop": "leads to itself", "/proc": "mount point"},
        "explore": {"../sub.html": "is a folder, expected a file", "../../file/below.html": "is not a folder", "../../loop.html": "leads to itself"},
        "export": {"../sub.csv": "is a folder, expected a file", "../../file/below.csv": "is not a folder"},
        "annotate export": {".": "is the current folder", "../../file": "is a file, expected a folder", "../../file/below": "is not a folder"},
    }  # fmt: skip
    for name, cases in refused.items():
        for out, part in cases.items():
            done = forked(
                name,
                cwd=tmp_path / "folder" / "sub",
                corpus=corpus,
                data=built,
                table="stances",
                annotator="p1",
                out=out,
            )
            one_line(done, part, out)
    assert state(tmp_path) == before
    for name in refused:
        done = forked(
            name,
            corpus=corpus,
            data=built,
            table="stances",
            annotator="p1",
            out=tmp_path / f"{long[len(name) + 5 :]}{name}{endings.get(name, '')}",
        )
        assert done.code == 0, done.err
    assert leftovers(tmp_path) == []


def test_a_device_or_a_pipe_is_written_to_as_it_is(built, tmp_path):
    assert forked("export", "--format", "csv", table="targets", data=built, out="/dev/null").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    os.mkfifo(tmp_path / "pipe")
    read_by = []
    reader = threading.Thread(target=lambda: read_by.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_file(b"through", tmp_path / "pipe")
    reader.join(10)
    assert read_by == [b"through"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.full
def test_modes_follow_the_umask_and_the_file_that_is_there(built, tmp_path):
    def explore(name, umask):
        assert forked("explore", umask=umask, data=built, out=tmp_path / name).code == 0
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    assert explore("new.html", 0o077) == 0o600
    assert explore("open.html", 0o002) == 0o664
    (tmp_path / "open.html").chmod(0o640)
    assert explore("open.html", 0o022) == 0o640
    for umask, mode in ((0o077, 0o600), (0o002, 0o664)):
        assert forked("build", umask=umask, corpus=HARBOUR, out=tmp_path / str(umask)).code == 0
        files = [file for file in (tmp_path / str(umask)).rglob("*") if file.is_file()]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {mode}


def test_an_import_keeps_links_and_modes(harbour, sheet):
    annotations = harbour / "annotations"
    (annotations / "annotators.toml").rename(annotations / "real.toml")
    (annotations / "annotators.toml").symlink_to("real.toml")
    (annotations / "real.toml").chmod(0o600)
    assert import_sheet(harbour, sheet).code == 0
    assert str((annotations / "annotators.toml").readlink()) == "real.toml"
    assert stat.S_IMODE((annotations / "real.toml").stat().st_mode) == 0o600
    assert len(tomllib.loads((annotations / "real.toml").read_text())["annotator"]) == 3


def test_a_folder_that_is_replaced_keeps_its_modes(tmp_path):
    put(tmp_path / "out", a="old")
    (tmp_path / "out").chmod(0o750)
    (tmp_path / "out" / "a").chmod(0o600)
    put(tmp_path / "out", a="new", b="new")
    modes = [stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in (".", "a", "b")]
    assert modes[:2] == [0o750, 0o600]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become nobody")
def test_a_read_only_file_is_not_replaced(open_folder):
    code = f"""
import os, sys
from pathlib import Path
from kazstance.errors import KazstanceError
from kazstance.output.files import write_file
os.setuid({NOBODY})
for name in ("file", "folder/new", "new"):
    try:
        write_file(b"new", Path({str(open_folder / "place")!r}, name))
        print(name, "written")
    except KazstanceError as error:
        print(str(error).removeprefix({str(open_folder / "place")!r} + "/"))
"""
    place = open_folder / "place"
    (place / "folder").mkdir(parents=True)
    (place / "file").write_text("old")
    (place / "file").chmod(0o444)
    place.chmod(0o777)
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "file is read-only",
        "folder/new: Permission denied; it was left unchanged",
        "new written",
    ], done.stderr
    assert (place / "file").read_text() == "old"


# One writer at a time.


HOLD = """
import sys
from pathlib import Path
from kazstance.output.staging import staging
with staging(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

HOLD_WITHIN = HOLD.replace("Path(sys.argv[1])", "Path(sys.argv[1]), within=True")
FILL = HOLD.replace("staging", "filling").replace("output.filling", "output.files")


@contextmanager
def python(code, *args, env=None):
    """A process that has printed its first line, which is yielded; it is killed at the end."""
    command = [sys.executable, "-c", code, *map(str, args)]
    with subprocess.Popen(
        command, env=env or environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip()
        process.kill()


WRITERS = {"build": "out", "explore": "page.html", "export": "s.csv", "annotate export": "sheets"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_second_writer_gets_one_line_and_a_killed_one_is_in_nobodys_way(name, world):
    places = {
        "corpus": shutil.copytree(HARBOUR, world / "corpus"),
        "data": world / "out",
        "table": "stances",
        "annotator": "p1",
        "out": world / WRITERS[name],
    }
    before = state(world)
    with python(HOLD, world / WRITERS[name]):
        one_line(
            forked(name, **places),
            f"{WRITERS[name]}: another kazstance process is writing it; run this again when it has finished",
        )
    assert leftovers(world) != []
    assert before.items() <= state(world).items()
    assert forked(name, **places).code == 0
    assert leftovers(world) == []


@pytest.mark.full
def test_two_imports_at_once_lose_nothing(harbour, tmp_path):
    sheets = {}
    for name in ("p", "q"):
        export_sheets(harbour, name, tmp_path / name)
        write_rows(tmp_path / name, fill_csv(tmp_path / name))
        sheets[name] = tmp_path / name
    commands = [
        [
            sys.executable,
            "-m",
            "kazstance",
            *argv("annotate import", corpus=harbour, sheet=folder / "filled.csv"),
        ]
        for folder in sheets.values()
    ]
    processes = [
        subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) for command in commands
    ]
    errors = [process.communicate()[1] for process in processes]
    for process, error, folder in zip(processes, errors, sheets.values(), strict=True):
        if process.returncode:
            assert "another kazstance process is writing it" in error
            assert import_sheet(harbour, folder).code == 0
    assert set(read(harbour).readings) == {"a", "b", "p", "q"}
    assert leftovers(harbour) == []


def test_an_import_waits_for_nobody_and_loses_nothing_while_another_is_at_work(harbour, sheet):
    before = state(harbour)
    with python(HOLD_WITHIN, harbour):
        one_line(import_sheet(harbour, sheet), "another kazstance process is writing it")
    assert import_sheet(harbour, sheet).code == 0
    after = state(harbour)
    assert set(after) - set(before) == {"annotations/p1.jsonl"}


def test_many_writers_of_one_file_leave_one_of_their_contents(tmp_path):
    code = f"""
import sys
from pathlib import Path
from kazstance.errors import KazstanceError
from kazstance.output.files import write_file
done = 0
for _ in range(60):
    try:
        write_file(sys.argv[1].encode() * 100_000, Path({str(tmp_path / "out")!r}))
        done += 1
    except KazstanceError as error:
        assert "another kazstance process is writing it" in str(error), error
print(done)
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", code, letter], env=environment(), stdout=subprocess.PIPE, text=True)
        for letter in "abc"
    ]
    counts = [int(process.communicate(timeout=100)[0]) for process in processes]
    assert sum(counts) > 0
    content = (tmp_path / "out").read_text()
    assert content in {letter * 100_000 for letter in "abc"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# What a killed run leaves behind.


def test_leftovers_cannot_be_committed(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    with python(HOLD, tmp_path / "out") as said:
        assert said == "held"
    assert leftovers(tmp_path) != []
    found = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert found.stdout == ""


def test_a_place_that_holds_something_else_is_left_alone(tmp_path):
    with staging(tmp_path / "out") as place:
        pass
    for name in ("thesis.txt", "new", "old"):
        place.mkdir()
        (place / name).write_text("years of work")
        with pytest.raises(KazstanceError, match=rf"is in the way: it holds '{name}', which kazstance did not write"):
            write_file(b"x", tmp_path / "out")
        assert (place / name).read_text() == "years of work"
        shutil.rmtree(place)


@pytest.mark.full
@pytest.mark.parametrize("spoil", [None, "again"])
def test_without_an_exchange_the_next_command_puts_back_what_was_set_aside(spoil, world, monkeypatch):
    """A run is killed between its two renames, as on a system that cannot swap folders."""
    out = world / "out"
    before = state(out)
    code = f"""
import os
from pathlib import Path
from kazstance.output import folders
from kazstance.publish.hub import build_dataset
folders.exchange = lambda *_: False
rename = Path.rename
def killed(self, target):
    rename(self, target)
    if Path(target).name == "old":
        os._exit(9)
Path.rename = killed
build_dataset(Path({str(HARBOUR)!r}), Path({str(out)!r}))
"""
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment(), check=False, capture_output=True).returncode
        == 9
    )
    assert not out.exists()
    if spoil:
        out.mkdir()
        (out / "mine.txt").write_text("mine")
        with pytest.raises(KazstanceError, match=r"contains 'mine.txt'"):
            build_dataset(HARBOUR, out, quiet)
        shutil.rmtree(out)
    done = forked("info", data=out)
    assert done.code == 0
    assert done.err == f"{out}: restored to its state before an interrupted run\n"
    assert state(out) == before
    assert leftovers(world) == []
    monkeypatch.setattr(folders, "exchange", lambda *_: False)
    build_dataset(HARBOUR, out, quiet)
    assert state(out) == before
    assert leftovers(world) == []


SCRATCH = """
import sys
from kazstance.output.staging import scratch
with scratch() as folder:
    (folder / "x").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_scratch_folders_of_killed_runs_are_removed_and_others_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    env = environment(TMPDIR=str(tmp_path))
    theirs = tmp_path / "kazstance-999999999-mine"
    for folder in (tmp_path / "kazstance-notes", theirs):
        folder.mkdir()
    (theirs / "thesis.txt").write_text("years of work")
    with python(SCRATCH, env=env) as left:
        pass
    assert Path(left).is_dir()
    with python(SCRATCH, env=env) as used, scratch() as folder:
        assert not Path(left).exists()
        assert Path(used).is_dir()
        assert folder.is_dir()
    with scratch():
        pass
    assert (theirs / "thesis.txt").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kazstance-999999999-mine", "kazstance-notes"]


# Sheets and imports.


def test_sheets_appear_complete_and_may_be_written_again(harbour, tmp_path):
    (tmp_path / "sheets").mkdir()
    for _ in range(2):
        assert forked("annotate export", corpus=harbour, annotator="p1", out=tmp_path / "sheets").code == 0
    before = state(tmp_path)
    one_line(
        forked("annotate export", corpus=harbour, annotator="p2", out=tmp_path / "sheets"),
        "already exists; expected a new folder",
    )
    assert state(tmp_path) == before


def test_a_partial_new_folder_is_never_seen(tmp_path):
    def write():
        with creating(tmp_path / "out") as folder:
            (folder / "one").write_text("1")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(KazstanceError, match="out: No space left on device; it was left unchanged"):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["adjudications", "annotators", "a", "p"])
def test_a_name_that_is_taken_or_reserved_is_refused_at_export_and_import(name, harbour, sheet, tmp_path):
    (harbour / "annotations" / "p.jsonl").write_text("kept by somebody\n")
    before = state(harbour)
    one_line(forked("annotate export", corpus=harbour, annotator=name, out=tmp_path / "other"), name)
    assert not (tmp_path / "other").exists()
    (file,) = (harbour / "annotations" / "sheets").iterdir()
    plan = Plan.model_validate_json(file.read_text()).model_copy(update={"annotator": name}).with_id()
    file.with_name(f"{plan.sheet}.json").write_bytes(plan_bytes(plan))
    filled = sheet / "filled.csv"
    text = filled.read_text(encoding="utf-8").replace(f",p1,harbour/{file.stem}", f",{name},{plan.name}")
    filled.write_text(text, encoding="utf-8", newline="")
    before = state(harbour)
    one_line(import_sheet(harbour, sheet), name)
    assert state(harbour) == before


def test_an_import_can_be_run_again(harbour, sheet):
    assert import_sheet(harbour, sheet, "--name", "Aïda").code == 0
    before = state(harbour)
    assert import_sheet(harbour, sheet, "--name", "Aïda").code == 0
    assert state(harbour) == before
    one_line(
        import_sheet(harbour, sheet, "--name", "Ada"), "'p1' has already judged, and", "'Aïda' for name, not 'Ada'"
    )
    assert state(harbour) == before


TABLES = {
    "as it is": None,
    "inline": 'annotator = [ {id = "a", origin = "model", brief = "briefs/a.md"}, {id = "b", origin = "model"} ]\n',
    "inline, over lines": 'annotator = [\n  {id = "a", origin = "model"}, # first\n  {id = "b", origin = "model"},\n]\n',
    "dotted quotes": '[["annotator"]]\nid = "a"\norigin = "model"\n\n[[ annotator ]] # second\nid = "b"\norigin = "model"',
    "line ends of Windows": '# who\r\n[[annotator]]\r\nid = "a"\r\norigin = "model"\r\n[[annotator]]\r\nid = "b"\r\norigin = "model"\r\n',
    "no end of line": '[[annotator]]\nid = "a"\norigin = "model"\n[[annotator]]\nid = "b"\norigin = "model" # last',
}
"""Ways to write the same two annotators."""


@pytest.mark.parametrize("form", TABLES)
def test_an_import_goes_into_every_form_of_the_table(form, harbour, sheet):
    file = harbour / "annotations" / "annotators.toml"
    if TABLES[form]:
        file.write_bytes(TABLES[form].encode())
    before, text = tomllib.loads(file.read_bytes().decode())["annotator"], file.read_bytes()
    import_answers(harbour, sheet / "filled.csv", person=Person(name="Aïda 😀", note="two\nlines"))
    after = tomllib.loads(file.read_bytes().decode())["annotator"]
    assert after == [*before, {"id": "p1", "origin": "human", "name": "Aïda 😀", "note": "two\nlines"}]
    assert [
        comment
        for comment in (b"# who", b"# first", b"# second", b"# last")
        if comment in text and comment not in file.read_bytes()
    ] == []
    assert [entry.value.id for entry in read(harbour).annotators] == ["a", "b", "p1"]


def test_an_import_into_an_empty_table(harbour, sheet):
    for name in ("a.jsonl", "b.jsonl", "adjudications.jsonl"):
        (harbour / "annotations" / name).unlink()
    (harbour / "annotations" / "annotators.toml").write_text("")
    assert import_sheet(harbour, sheet).code == 0
    assert [entry.value.id for entry in read(harbour).annotators] == ["p1"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(max_size=30) | st.none(),
    note=st.text(st.characters(), max_size=60) | st.just("x" * 20_001) | st.none(),
)
def test_an_import_is_readable_or_refused_whatever_a_person_is_called(name, note, harbour, sheet):
    before = state(harbour)
    try:
        import_answers(harbour, sheet / "filled.csv", person=Person(name, note))
    except KazstanceError:
        assert state(harbour) == before
    else:
        found = read(harbour).annotators[-1].value
        assert (found.name or "", found.note or "") == (name or "", note or "")
        shutil.rmtree(harbour)
        shutil.copytree(HARBOUR, harbour)


@pytest.mark.parametrize("more", [["--note", "x" * 20_001], ["--name", b"\xff".decode(errors="surrogateescape")]])
def test_what_could_not_be_read_again_is_refused(more, harbour, sheet):
    before = state(harbour)
    done = import_sheet(harbour, sheet, *more)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert state(harbour) == before
    read(harbour)


def test_a_second_file_that_cannot_be_written_takes_the_first_back(harbour, sheet, monkeypatch):
    before = state(harbour)

    def refuse(event, args):
        if event == "os.rename" and str(args[1]).endswith("annotators.toml") and armed:
            raise OSError(errno.ENOSPC, "No space left on device", args[1])

    armed = [True]
    sys.addaudithook(refuse)
    with pytest.raises(KazstanceError, match="No space left on device"):
        import_answers(harbour, sheet / "filled.csv")
    armed.clear()
    assert state(harbour) == before
    assert import_answers(harbour, sheet / "filled.csv")[0].file.is_file()


def test_readings_that_an_interrupted_import_left_are_taken_up_again(harbour, sheet):
    twin = shutil.copytree(harbour, harbour.with_name("twin"))
    import_answers(Path(twin), sheet / "filled.csv")
    shutil.copy(Path(twin, "annotations/p1.jsonl"), harbour / "annotations")
    with pytest.warns(CorpusWarning, match="annotations/p1.jsonl is not a corpus file"):
        read(harbour)
    assert import_sheet(harbour, sheet).code == 0
    assert state(harbour) == state(Path(twin))


# Disks and limits.


def mounted(folder):
    """Whether a file system of 400 kB could be mounted on a folder."""
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.getuid() != 0 or not mounted(disk):
        pytest.skip("needs a file system to mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


OUTPUTS = {"explore": "page.html", "export": "t.csv", "build": "new", "annotate export": "sheets"}


def test_a_full_disk_leaves_the_old_output(small_disk, built, harbour):
    for name in ("page.html", "t.csv"):
        (small_disk / name).write_text("old")
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    for room in (0, 8_000):
        os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - room)
        before = state(small_disk)
        for name, out in OUTPUTS.items():
            done = forked(name, corpus=harbour, data=built, table="judgements", annotator="p1", out=small_disk / out)
            one_line(done, f"{out}: No space left on device")
            assert state(small_disk) == before


def test_a_limit_of_file_sizes_leaves_the_old_output(built, harbour, tmp_path):
    for name in ("page.html", "t.csv"):
        (tmp_path / name).write_text("old")
    before = state(tmp_path)
    for name, out in OUTPUTS.items():
        done = forked(
            name, largest=4_000, corpus=harbour, data=built, table="judgements", annotator="p1", out=tmp_path / out
        )
        one_line(done, f"{out}: File too large; it was left unchanged")
        assert state(tmp_path) == before


def test_a_folder_that_is_filled_is_held_and_each_file_is_complete(tmp_path):
    with filling(tmp_path / "run"):
        write_file(b"one", tmp_path / "run" / "deep" / "one")
        with (
            pytest.raises(KazstanceError, match="run: another kazstance process is writing it"),
            filling(tmp_path / "run"),
        ):
            pass
        write_file(b"two", tmp_path / "run" / "two")
    assert state(tmp_path) == {"run": None, "run/deep": None, "run/deep/one": b"one", "run/two": b"two"}

    def fail():
        with filling(tmp_path / "new" / "run"):
            raise RuntimeError("the system fails")

    with pytest.raises(RuntimeError, match="the system fails"):
        fail()
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(KazstanceError, match="file is a file, expected a folder"), filling(tmp_path / "file"):
        pass


@pytest.mark.full
def test_a_second_run_into_a_folder_gets_one_line(built, tmp_path):
    with python(FILL, tmp_path / "run"):
        one_line(
            forked("bench run", "--data", built, system="majority", out=tmp_path / "run"),
            "run: another kazstance process is writing it",
        )
    assert forked("bench run", "--data", built, system="majority", out=tmp_path / "run").code == 0
    assert leftovers(tmp_path) == []

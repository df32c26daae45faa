"""Every command that writes, killed at every change to files and at random moments: the old output or the new one, complete.

The rerun finishes the job and leaves nothing behind, and what is not an output is never touched.
"""

import csv
import errno
import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import kazstance as ks
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.output.staging import PREFIX
from kazstance.publish.hub import build_dataset
from kazstance.schema.manifest import parse_manifest, sign, to_bytes
from tests.benches import rows_of
from tests.benches import run as run_system
from tests.commands import argv, messages, run
from tests.conftest import HARBOUR, ROOT, quiet
from tests.hub_stand_in import WRITER, HubStandIn
from tests.killing import Killer, Order, killer
from tests.test_annotate import fill_csv, write_rows

TEMPORARY = "tmp"
"""The folder of a world that serves as the system's temporary folder."""
RUN_FILES = ("run.json",)
"""Files that contain the time of a run."""
RECORDS = (*RUN_FILES, "predictions.json")
"""Files that name the pieces that are finished, and so grow with them."""


@dataclass(frozen=True)
class Scenario:
    """A command in a world: its arguments, and the outputs that it may change, each as a whole.

    `pieces` is set if an output appears file by file and counts as finished only when it is complete.
    """

    arguments: Callable[[Path], list[str]]
    outputs: tuple[str, ...]
    pieces: bool = False


def of(name, /, *more, **places):
    """The arguments of a command, with its paths inside a world."""

    def arguments(world):
        return argv(
            name,
            *(str(part).format(w=world) for part in more),
            **{key: value.format(w=world) for key, value in places.items()},
        )

    return arguments


SCENARIOS = {
    "build over a dataset": Scenario(of("build", corpus="{w}/changed", out="{w}/out"), ("out",)),
    "build a new one": Scenario(of("build", corpus="{w}/changed", out="{w}/far/away/out"), ("far",)),
    "explore": Scenario(of("explore", data="{w}/data", out="{w}/page.html"), ("page.html",)),
    "explore a corpus": Scenario(of("explore", data="{w}/corpus", out="{w}/page.html"), ("page.html",)),
    "export": Scenario(of("export", table="grid", data="{w}/data", out="{w}/table.csv"), ("table.csv",)),
    "compare --chart": Scenario(of("compare", "--chart", "{w}/chart.svg", data="{w}/data"), ("chart.svg",)),
    "annotate export": Scenario(of("annotate export", corpus="{w}/corpus", annotator="p2", out="{w}/sheets2"), ("sheets2", "corpus/annotations/sheets"), pieces=True),
    "annotate import": Scenario(
        of("annotate import", corpus="{w}/corpus", sheet="{w}/sheets/filled.csv"),
        ("corpus/annotations/p1.jsonl", "corpus/annotations/annotators.toml"),
    ),
    "bench run": Scenario(of("bench run", "--data", "{w}/data", system="majority", out="{w}/run"), ("run",), pieces=True),
    "bench run --predictions": Scenario(
        of("bench run", "--data", "{w}/data", "--predictions", "{w}/new.jsonl", system="mine", out="{w}/run"), ("run",), pieces=True
    ),
    "bench run on files": Scenario(
        of("bench run on files", "--id", "id", "--text", "text", "--target", "target", "--label", "label", system="majority", train="{w}/train.csv", test="{w}/test.csv", out="{w}/run"),
        ("run",),
        pieces=True,
    ),
    "fit": Scenario(of("fit", "--data", "{w}/data", system="majority per target", out="{w}/model"), ("model",)),
    "predict": Scenario(of("predict", "--rows-per-part", "9", model="{w}/learned", rows="{w}/data/stances", out="{w}/found"), ("found",), pieces=True),
    "bench report": Scenario(of("bench report", "{w}/majority", "--data", "{w}/data", out="{w}/report.json"), ("report.json",)),
}  # fmt: skip
QUICK = (
    "build over a dataset",
    "predict",
    "explore",
    "export",
    "annotate export",
    "annotate import",
    "bench run",
    "bench report",
)
"""What a short run kills, a few times each."""


def write_table(file, rows):
    with file.open("w", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(["id", "text", "target", "label"])
        writer.writerows([item.item_id, item.text, item.target, item.label] for item in rows)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A world with everything that the commands read, old outputs, and unrelated files."""
    world = tmp_path_factory.mktemp("template")
    corpus = Path(shutil.copytree(HARBOUR, world / "corpus"))
    changed = Path(shutil.copytree(HARBOUR, world / "changed"))
    (changed / "sources.toml").write_text(
        (changed / "sources.toml").read_text().replace('version = "1.2.0"', 'version = "1.3.0"')
    )
    for out in ("data", "out"):
        build_dataset(corpus, world / out, quiet)
    (world / "out" / "notes.txt").write_text("notes")
    (world / "out" / "README.md").write_text("a card of my own")
    (world / "out" / ".git" / "objects").mkdir(parents=True)
    (world / "out" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    for name in ("page.html", "table.csv", "chart.svg", "report.json", ".page.html-thesis", "thesis.docx"):
        (world / name).write_text("old")
    export_sheets(corpus, "p1", world / "sheets")
    write_rows(world / "sheets", fill_csv(world / "sheets"))
    rows = rows_of(data=world / "data")
    for name, label in (("old", "favor"), ("new", "against")):
        lines = [json.dumps({"item_id": item.item_id, "label": label}) for item in rows]
        (world / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    write_table(world / "train.csv", rows[::2])
    write_table(world / "test.csv", rows[1::2])
    ks.fit("majority per target", ks.open(world / "data")).save(world / "learned")
    run_system("majority", "stance", "cross_source", world / "majority", data=world / "data")
    (world / TEMPORARY).mkdir()
    return world


def state(world):
    """Everything in a world, except what a killed run may leave behind."""
    return {
        path.relative_to(world).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(world.rglob("*"))
        if not any(part.startswith(PREFIX) for part in path.parts) and not path.is_relative_to(world / TEMPORARY)
    }


def leftovers(world):
    return [*world.rglob(f"{PREFIX}*"), *(world / TEMPORARY).iterdir()]


def part(found, output):
    """The state of an output."""
    return {name: content for name, content in found.items() if name == output or name.startswith(f"{output}/")}


class Trial:
    """A scenario with its old and its new state, to be killed in copies of the world."""

    def __init__(self, scenario, template, folder, process=None, **settings):
        self.scenario, self.template, self.folder, self.settings = scenario, template, folder, settings
        self.process = process or killer()
        self.kills = Counter()
        world = self.copy()
        self.old = state(world)
        self.seconds = -time.perf_counter()
        done, self.events = self.run(world)
        self.seconds += time.perf_counter()
        assert done.code == 0, done
        self.new = state(world)
        assert leftovers(world) == []
        assert self.others(self.new) == self.others(self.old)
        assert all(part(self.new, output) != part(self.old, output) for output in scenario.outputs)

    def copy(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        return Path(shutil.copytree(self.template, self.folder, symlinks=True))

    def run(self, world, **order):
        env = {"TMPDIR": str(world / TEMPORARY)}
        return self.process.run(
            Order(self.scenario.arguments(world), cwd=str(world), env=env, **self.settings, **order)
        )

    def others(self, found):
        return {
            name: content
            for name, content in found.items()
            if not any(part({name: content}, one) for one in self.scenario.outputs)
        }

    def check(self, world):
        """The output is the old one or the new one; a run made in pieces contains only its own pieces."""
        found = state(world)
        assert self.others(found) == self.others(self.old)
        for output in self.scenario.outputs:
            there = part(found, output)
            if self.scenario.pieces:
                assert all(
                    name not in there
                    or name.endswith(RECORDS)
                    or there[name] in (part(self.old, output).get(name), content)
                    for name, content in part(self.new, output).items()
                )
            else:
                ends = (part(self.old, output), part(self.new, output))
                assert there in ends or (self.old.get(output, "no") == "no" and set(there.values()) <= {None})
        return found

    def kill(self, **order):
        """Kill a run, look at what is there, and run the command again."""
        world = self.copy()
        done, _ = self.run(world, **order)
        assert done.code in (0, -9, -14), done
        self.kills[done.code != 0] += 1
        found = self.check(world)
        done, _ = self.run(world)
        again = state(world)
        assert done.code == 0 or comparable(found) == comparable(self.new), done
        assert comparable(again) == comparable(self.new)
        assert leftovers(world) == []

    def fail(self, error, at):
        """Let one change to files fail: it is reported in one line and leaves the old output, or is ignored."""
        world = self.copy()
        done, _ = self.run(world, fail_at=at, error=error)
        found = self.check(world)
        assert "Traceback" not in done.err, done.err
        self.kills[done.code != 0] += 1
        if done.code:
            assert len(messages(done.err)) == 1 or self.scenario.pieces, done.err
            assert self.scenario.pieces or found == self.old
        self.run(world)
        assert comparable(state(world)) == comparable(self.new)
        assert leftovers(world) == []


def comparable(found):
    return {name: content for name, content in found.items() if not name.endswith(RUN_FILES)}


def sample(events, count, seed):
    """Some of the changes to files, at random, the same each time."""
    numbers = range(1, events + 1)
    return sorted(random.Random(seed).sample(numbers, min(count, events)))


@pytest.mark.full
@pytest.mark.parametrize("name", QUICK)
def test_killed_now_and_then(name, template, tmp_path):
    trial = Trial(SCENARIOS[name], template, tmp_path / "world")
    for at in sample(trial.events, 2, name):
        trial.kill(kill_at=at)
    trial.kill(kill_after=trial.seconds * random.Random(name).random())
    assert trial.kills.total() == 3


@pytest.mark.full
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_every_change_to_files_and_at_random_moments(name, template, tmp_path):
    trial = Trial(SCENARIOS[name], template, tmp_path / "world")
    for at in range(1, trial.events + 1):
        trial.kill(kill_at=at)
    assert trial.kills[True] == trial.events
    generator = random.Random(name)
    for _ in range(8):
        trial.kill(kill_after=trial.seconds * generator.random())
    print(f"{name}: {trial.kills[True]} kills")


@pytest.mark.full
@pytest.mark.parametrize("name", ["build over a dataset", "build a new one", "annotate export"])
def test_killed_at_every_change_where_folders_cannot_be_exchanged(name, template, tmp_path):
    """Two renames replace the swap: between them there is no output, and the next command restores it."""
    trial = Trial(SCENARIOS[name], template, tmp_path / "world", exchanges=False)
    for at in range(1, trial.events + 1):
        world = trial.copy()
        trial.run(world, kill_at=at)
        found = state(world)
        if not part(found, trial.scenario.outputs[0]) and part(trial.old, trial.scenario.outputs[0]):
            info, _ = trial.process.run(
                Order(argv("info", data=str(world / trial.scenario.outputs[0])), cwd=str(world))
            )
            assert "restored to its state before an interrupted run" in info.err
            assert state(world) == trial.old
        done, _ = trial.run(world)
        assert done.code == 0, done
        assert state(world) == trial.new
        assert leftovers(world) == []


@pytest.mark.full
@pytest.mark.parametrize("name", ["export", "annotate import"])
def test_a_change_to_files_that_fails_now_and_then(name, template, tmp_path):
    trial = Trial(SCENARIOS[name], template, tmp_path / "world")
    for at in sample(trial.events, 2, name):
        trial.fail(errno.ENOSPC, at)


@pytest.mark.full
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_change_to_files_fails_once(name, template, tmp_path):
    """No space left on the device, or a file system that has become read-only: one line, and the old output is kept."""
    trial = Trial(SCENARIOS[name], template, tmp_path / "world")
    for at in range(1, trial.events + 1):
        trial.fail((errno.ENOSPC, errno.EROFS)[at % 2], at)
    assert trial.kills[True], "no fault was injected"


@pytest.mark.full
def test_predictions_over_an_earlier_run_are_never_mixed(template, tmp_path):
    """What a killed run leaves is refused by a report, or belongs entirely to the old file or to the new one."""
    bring = of(
        "bench run", "--data", "{w}/data", "--predictions", "{w}/new.jsonl", "--again", system="mine", out="{w}/run"
    )
    earlier = Path(shutil.copytree(template, tmp_path / "earlier"))
    assert (
        run(
            "bench run",
            "--data",
            earlier / "data",
            "--predictions",
            earlier / "old.jsonl",
            system="mine",
            out=earlier / "run",
        ).code
        == 0
    )
    trial = Trial(Scenario(bring, ("run",), pieces=True), earlier, tmp_path / "world")

    def reported(world):
        out = world / "seen.json"
        done, _ = trial.process.run(
            Order(argv("bench report", world / "run", "--data", world / "data", out=out), cwd=str(world))
        )
        return {row["system"]: row["scores"] for row in json.loads(out.read_text())} if done.code == 0 else None

    ends = [None, reported(earlier)]
    trial.run(world := trial.copy())
    ends.append(reported(world))
    for at in range(1, trial.events + 1):
        trial.run(world := trial.copy(), kill_at=at)
        assert reported(world) in ends
        assert trial.run(world)[0].code == 0
        assert reported(world) == ends[-1]


@pytest.fixture
def hub():
    with HubStandIn() as running:
        yield running


@pytest.fixture
def publisher(hub):
    """A process that knows the Hub's address before it imports the library for it."""
    process = Killer(None, HF_ENDPOINT=hub.endpoint, HF_HUB_DISABLE_XET="1")
    yield process
    process.close()


@pytest.mark.full
def test_publishing_is_killed_at_every_change_to_files(hub, publisher, template, tmp_path):
    world = Path(shutil.copytree(template, tmp_path / "world"))
    before = state(world)
    env = {"HF_TOKEN": WRITER, "TMPDIR": str(world / TEMPORARY)}
    order = {"argv": argv("publish", "--yes", repo="org/name", data=world / "data"), "cwd": str(world), "env": env}
    done, events = publisher.run(Order(**order))
    assert done.code == 0, done
    assert leftovers(world) == []
    for at in range(1, events + 1):
        hub.repositories.clear()
        assert publisher.run(Order(**order, kill_at=at))[0].code == -9
        done, _ = publisher.run(Order(**order))
        assert done.code == 0, done
        assert hub.repositories["org/name"].messages[1:] == ["Publish v1.2.0"]
        assert set(hub.repositories["org/name"].tags) == {"v1.2.0"}
        assert state(world) == before
        assert leftovers(world) == []
    print(f"publish: {events} kills")


@pytest.fixture
def recipe(template, tmp_path):
    """A checkout whose raw texts are the small corpus, and the process that runs its recipe."""
    if not (ROOT / "build_scripts").is_dir():
        pytest.skip("the recipe is in the checkout alone")
    checkout = tmp_path / "checkout"
    for name in ("kazstance", "build_scripts"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    shutil.copytree(template / "changed", checkout / "raw")
    with (checkout / "raw" / "sources.toml").open("a") as sources:
        sources.write('\n[corpus.publication]\nauthors = ["A body made up for the tests"]\nreleased = 2031-08-01\n')
    build_dataset(template / "corpus", checkout / "kazstance" / "data", quiet)
    for file in (checkout / "kazstance" / "data").iterdir():
        if file.is_file() and file.name != "manifest.json":
            file.unlink()
    for name in ("README.md", "DATASET_CARD.md", "LICENSE", "LICENSE-DATA"):
        (checkout / name).write_text("# A page\n")
    process = Killer(checkout)
    yield checkout, process
    process.close()


def without_pages(manifest):
    """The manifest before the pages, which describe the dataset, are written and signed: that dataset is intact too."""
    return to_bytes(sign(parse_manifest(manifest, Path("manifest.json")), {}))


@pytest.mark.full
def test_the_recipe_is_killed_at_every_change_to_files(recipe, tmp_path):
    checkout, process = recipe
    (checkout / TEMPORARY).mkdir()
    scenario = Scenario(
        lambda _: ["build_scripts"],
        ("kazstance/data", "build", "CITATION.cff", ".zenodo.json", "README.md", "DATASET_CARD.md"),
    )
    kept = Path(shutil.copytree(checkout, tmp_path / "kept"))
    old, order = (
        state(checkout),
        {"argv": ["build_scripts"], "cwd": str(checkout), "env": {"TMPDIR": str(checkout / TEMPORARY)}},
    )
    done, events = process.run(Order(**order, kill_at=10**9))
    assert done.code == 0, done
    new = state(checkout)
    unsigned = {**new, "kazstance/data/manifest.json": without_pages(new["kazstance/data/manifest.json"])}
    for at in range(1, events + 1):
        for name in ("kazstance/data", "build"):
            shutil.rmtree(checkout / name, ignore_errors=True)
        shutil.copytree(kept, checkout, dirs_exist_ok=True)
        assert process.run(Order(**order, kill_at=at))[0].code == -9
        found = state(checkout)
        for output in scenario.outputs:
            assert part(found, output) in (*(part(one, output) for one in (old, unsigned, new)), {"build": None})
        assert process.run(Order(**order))[0].code == 0
        assert state(checkout) == new
        assert leftovers(checkout) == []
    print(f"build_scripts: {events} kills")

"""python -m benchmarks.building [SIZES]: build corpora of growing size, card included, beside the floor of that work.

The floor is the segmenter alone plus plain DuckDB queries that read the readings, join them with the sentences, vote
and write the same tables of judgements and pairs, without checking anything.
"""

import math
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.made_corpora import Shape, Text, share_of_pairs, write_corpus
from kazstance.output.markdown import markdown_table

RESULTS: Final = Path(__file__).parent / "results" / "building.md"
SIZES: Final = (1_000, 10_000, 100_000)
SOURCES: Final = {1_000: 5, 10_000: 10, 100_000: 20, 1_000_000: 50}
KINDS: Final = {"35 × 3": (35, 3, 2.4), "10 × 1": (10, 1, 0.8)}
"""Targets × annotators: targets, annotators, and stances a sentence."""
GOALS: Final = {"35 × 3": 5_000, "10 × 1": 10_000}
PAUSE: Final = 0.05
"""Seconds between two looks at the memory of the processes."""
FLOOR: Final = """
import sys, duckdb, pyarrow as pa
from pathlib import Path
from nupunkt import sent_spans
corpus, out = map(Path, sys.argv[1:])
ids, texts = [], []
for file in sorted((corpus / "texts").rglob("*.txt")):
    name = file.relative_to(corpus / "texts").with_suffix("").as_posix()
    for p, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        for s, (a, b) in enumerate(sent_spans(line), 1):
            ids.append(f"{name}/{p}/{s}")
            texts.append(line[a:b].strip())
sentences = pa.table({"sentence_id": ids, "text": texts})
targets = pa.table({"target_id": [row.split('"')[1] for row in (corpus / "targets.toml").read_text().splitlines()
                                  if row.startswith("id")]})
db = duckdb.connect()
db.execute(f"set threads = 2; set temp_directory = '{out / 'tmp'}'; set memory_limit = '12GB'")
db.execute(f'''
create table readings as select * from read_json('{corpus}/annotations/*.jsonl', filename = true, columns = {{
    sentence_id: 'varchar', text_hash: 'varchar', covered: 'varchar[]', judgements: 'struct(target_id varchar,
    label varchar, certainty varchar, evidence struct(start bigint, "text" varchar)[])[]'}});
create table said as select filename, sentence_id, unnest(judgements, recursive := true) from readings;
create table judgements as select r.sentence_id, s.text, t.target_id, r.filename as annotator_id,
    coalesce(j.label, 'none') as label, j.certainty, j.evidence
    from readings r join sentences s using (sentence_id) cross join targets t
    left join said j on j.filename = r.filename and j.sentence_id = r.sentence_id and j.target_id = t.target_id;
copy (select * exclude text from judgements) to '{out}/judgements.parquet' (compression zstd);
copy (select sentence_id, target_id, any_value(text) as text, mode(label) as label,
    count(distinct label) > 1 as contested,
    list((annotator_id, label)) as votes from judgements group by all) to '{out}/grid.parquet' (compression zstd);
copy sentences to '{out}/sentences.parquet' (compression zstd);
''')
"""


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: seconds, CPU seconds, and the most memory at one time in bytes."""

    wall: float
    cpu: float
    memory: int


def measure(command: Sequence[str]) -> Cost:
    """Run a command in a fresh process."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = [0]
    watch = threading.Thread(target=_watch, args=(process, most), daemon=True)
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}")
    return Cost(time.monotonic() - begin, used.ru_utime + used.ru_stime, most[0])


def _watch(process: "subprocess.Popen[bytes]", most: list[int]) -> None:
    """Note the memory of a process and its descendants while it runs."""
    while process.returncode is None:
        most[0] = max(most[0], _memory(process.pid))
        time.sleep(PAUSE)


def _memory(root: int) -> int:
    """Resident bytes of a process and its descendants, pages that they share counted for each."""
    parents, sizes = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(place.name)], sizes[int(place.name)] = int(fields[1]), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return sum(size for pid, size in sizes.items() if _descends(pid, root, parents))


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != root:
        pid = parents[pid]
    return pid == root


def build_cost(corpus: Path, out: Path) -> Cost:
    """The cost of building a corpus, its card included."""
    return measure([sys.executable, "-m", "kazstance", "build", str(corpus), "--out", str(out)])


def floor_cost(corpus: Path, out: Path) -> Cost | None:
    """The cost of the floor; None if it fails, as DuckDB does where lists of votes do not fit into memory."""
    out.mkdir()
    try:
        return measure([sys.executable, "-c", FLOOR, str(corpus), str(out)])
    except RuntimeError:
        return None


def run(sizes: Sequence[int]) -> dict[str, list[tuple[int, Cost, Cost | None]]]:
    """Build and measure a corpus of each kind and size, smallest first."""
    found: dict[str, list[tuple[int, Cost, Cost | None]]] = {}
    for kind, (targets, annotators, stances) in KINDS.items():
        for size in sorted(sizes):
            with tempfile.TemporaryDirectory() as place:
                corpus = Path(place) / "corpus"
                write_corpus(corpus, Shape(size, SOURCES.get(size, 10), targets, annotators, stances))
                built = build_cost(corpus, Path(place) / "data")
                print(kind, size, "built:", built, flush=True)
                floor = floor_cost(corpus, Path(place) / "floor")
                print(kind, size, "floor:", floor or "failed", flush=True)
            found.setdefault(kind, []).append((size, built, floor))
    return found


def table(found: dict[str, list[tuple[int, Cost, Cost | None]]]) -> str:
    """The measurements as a table in Markdown."""
    rows = []
    for kind, measured in found.items():
        before: tuple[int, Cost] | None = None
        for size, built, floor in measured:
            growth = math.log(built.cpu / before[1].cpu, size / before[0]) if before else None
            memory = built.memory / before[1].memory if before else None
            rows.append(
                [
                    kind,
                    f"{size:,}",
                    f"{built.cpu:.1f}",
                    f"{2 * size / built.cpu:,.0f}",
                    f"{GOALS[kind]:,}",
                    f"{size / built.wall:,.0f}",
                    "" if growth is None else f"{growth:.2f}",
                    f"{built.memory / 2**20:,.0f}",
                    "" if memory is None else f"{memory:.2f}",
                    f"{floor.cpu:.1f}" if floor else "failed",
                    f"{built.cpu / floor.cpu:.1f}" if floor else "",
                ]
            )
            before = size, built
    header = ["targets × annotators", "sentences", "CPU s", "sentences/s on two cores", "goal", "sentences/s, wall"]
    header += ["growth exponent", "peak MiB", "ratio", "floor, CPU s", "ratio to floor"]
    return markdown_table(header, rows)


def main() -> None:
    """Measure, and write the results."""
    sizes = [int(float(size)) for size in sys.argv[1:]] or list(SIZES)
    share = _share()
    load = os.getloadavg()[0]
    shown = table(run(sizes))
    tools = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "pydantic", "nupunkt", "duckdb"))
    RESULTS.write_text(
        "# Building\n\n`python -m benchmarks.building` makes corpora by a program, builds each with `kazstance build` "
        "in a fresh process, card included, and does the same work without checks by the segmenter alone and plain "
        f"DuckDB queries. In the texts, {share:.2%} of pairs of sentences share a trigram, 1 % of the sentences are "
        "formulas, and 0.5 % quote another. CPU seconds, and the peak of resident memory, are those of all processes "
        "together; sentences a second on two cores are two divided by the CPU seconds of a sentence, since other "
        f"programs ran at the same time (load {load:.1f}); wall seconds include them. A floor that *failed* ran out of "
        f"memory or of disk.\n\n{shown}\n\n"
        f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} processors; {tools}.\n",
        encoding="utf-8",
    )


def _share() -> float:
    import numpy as np

    text = Text(np.random.default_rng(0))
    return share_of_pairs([sentence for _ in range(10) for sentence in text.sentences(1_000)])


if __name__ == "__main__":
    main()

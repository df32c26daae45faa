"""Gold labels and predictions for `score`: CSV, JSON Lines and Parquet, well-formed, odd, and broken."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.commands import argv
from tests.fuzz import contents, trees, typed_columns, values
from tests.fuzz.cases import Case, Kind, Random, Step

Columns = dict[str, list[str]]
LABELS = ("favor", "against", "neutral", "none")


def prepare(base: Path) -> None:
    """Nothing: each case has rows of its own."""


def rows(draw: Random) -> tuple[Columns, Columns]:
    """Gold and predicted labels of the same ids, in another order."""
    n = draw.choice((1, 2, 5, 30, 30, 60))
    labels = LABELS[: draw.choice((2, 3, 3, 4))]
    ids = [draw.choice(("{}", "t/{}", "é{}", "{}:toll")).format(i) for i in range(n)]
    gold = {
        "id": ids,
        "target": [draw.choice(("toll", "strike", "a, b")) for _ in ids],
        "doc": [f"d{draw.randrange(1 + n // 4)}" for _ in ids],
        "label": [draw.choice(labels) for _ in ids],
    }
    order = draw.sample(range(n), n)
    predicted = {
        "id": [ids[i] for i in order],
        "label": [gold["label"][i] if draw.random() < 0.6 else draw.choice(labels) for i in order],
    }
    return gold, predicted


def make(case: Case) -> list[Step]:
    """Two files and a command that scores them; the same rows in other formats have to give the same scores."""
    draw = case.draw
    gold, predicted = rows(draw)
    more = ["--id", "id", "--json", "--resamples", "10", "--preset", "kazstance"]
    more += draw.choice(
        (
            (),
            ("--target", "target"),
            ("--target", "target", "--cluster", "doc"),
            ("--by", "target"),
            ("--cluster", "doc", "--by", "doc"),
        )
    )
    plain = [
        write_csv(case.folder / name, columns)
        for name, columns in (("plain_gold.csv", gold), ("plain_pred.csv", predicted))
    ]
    steps = [Step(argv("score", *more, gold=plain[0], pred=plain[1]), has_to="pass")]
    if draw.random() < 0.25:
        paths = [write_alike(case, draw, name, columns) for name, columns in (("gold", gold), ("pred", predicted))]
        return [*steps, Step(argv("score", *more, gold=paths[0], pred=paths[1]), has_to="pass", same_as_before=True)]
    files = [_write_any(draw, case.folder / name, columns) for name, columns in (("gold", gold), ("pred", predicted))]
    for i, mutation in case.mutations():
        j = mutation.randrange(2)
        case.done[i] = _mutate(files, j, (gold, predicted)[j], mutation)
    is_plain = draw.random() < 0.85
    more += () if is_plain else odd_options(draw)
    return [Step(argv("score", *more, gold=files[0], pred=files[1]), check="score" if is_plain else None)]


def odd_options(draw: Random) -> Sequence[str]:
    """Options with values that are seldom expected."""
    text = values.text(draw).replace("\0", "") or "x"
    return draw.choice(
        (
            ("--id", text), ("--target", text), ("--cluster", text), ("--by", text), ("--gold-label", text),
            ("--map", text), ("--map", f"{text}=favor"), ("--preset", text), ("--encoding", text), ("--delimiter", text),
            ("--seed", "-1"), ("--seed", "9" * 30), ("--encoding", "utf-16"), ("--encoding", "idna"), ("--encoding", "base64"),
            ("--encoding", "undefined"), ("--by", "label"), ("--target", "label"), ("--cluster", "id"), ("--by", "gold"), ("--id", "label"),
            ("--preset", "tweet_eval"), ("--delimiter", "tab"),
        )
    )  # fmt: skip


def write_csv(path: Path, columns: Columns) -> Path:
    """The rows as the csv module writes them."""
    path.write_bytes(_delimited(columns, ",", csv.QUOTE_MINIMAL, "\r\n").encode())
    return path


def _delimited(columns: Columns, delimiter: str, quoting: int, end: str) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def write_alike(case: Case, draw: Random, name: str, columns: Columns) -> Path:
    """The same rows in some other order of columns, format, quoting, type or encoding."""
    columns = {key: columns[key] for key in draw.sample(list(columns), len(columns))}
    suffix = draw.choice((".csv", ".tsv", ".jsonl", ".parquet"))
    path = case.folder / f"{name}{suffix}"
    if suffix in {".csv", ".tsv"}:
        is_csv = suffix == ".csv"  # tables between tabs have no quotation marks
        how = (
            draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)) if is_csv else csv.QUOTE_MINIMAL,
            draw.choice(("\n", "\r\n")),
        )
        text = _delimited(columns, "," if is_csv else "\t", *how)
        path.write_bytes(draw.choice((b"", b"\xef\xbb\xbf")) + text.encode())
        said = f"quoting {how[0]}, {how[1]!r}"
    elif suffix == ".jsonl":
        said = _write_jsonl(path, columns, draw)
    else:
        kinds = {key: draw.choice(sorted(typed_columns.SAME)) for key in columns}
        table = pa.table({key: typed_columns.SAME[kind](columns[key]) for key, kind in kinds.items()})
        said = f"{kinds}, {_write_parquet(path, table, draw)}"
    case.done[-1 - len(case.done)] = f"{path.name}: {said}"
    return path


def _write_jsonl(path: Path, columns: Columns, draw: Random) -> str:
    escaped, blank = draw.random() < 0.5, draw.random() < 0.3
    lines = []
    for row in zip(*columns.values(), strict=True):
        pairs = list(zip(columns, row, strict=True))
        draw.shuffle(pairs)
        lines.append(json.dumps(dict(pairs), ensure_ascii=escaped))
    text = ("\n\n" if blank else "\n").join(lines) + draw.choice(("", "\n"))
    path.write_text(text, encoding="utf-8")
    return f"escaped {escaped}, blank lines {blank}"


def _write_parquet(path: Path, table: pa.Table, draw: Random) -> str:
    size, compression = draw.choice((1, 7, 1000)), draw.choice(("none", "snappy", "zstd", "gzip"))
    version = draw.choice(("1.0", "2.4", "2.6"))
    pq.write_table(
        table, path, compression=compression, row_group_size=size, version=version, use_dictionary=draw.random() < 0.5
    )
    return f"{compression}, row groups of {size}, version {version}"


def _write_any(draw: Random, path: Path, columns: Columns) -> Path:
    suffix = draw.choice((".csv", ".tsv", ".txt", ".jsonl", ".jsonl", ".parquet", ".parquet", ".parquet"))
    path = path.with_suffix(suffix)
    if suffix == ".jsonl":
        _write_jsonl(path, columns, draw)
    elif suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
    else:
        path.write_text(
            _delimited(columns, "," if suffix == ".csv" else "\t", csv.QUOTE_MINIMAL, "\n"), encoding="utf-8"
        )
    return path


def _mutate(files: list[Path], j: int, columns: Columns, draw: Random) -> str:
    """Change one of the files, and say how."""
    path = files[j]
    way = draw.random()
    if path.suffix == ".parquet" and path.is_file() and not path.is_symlink() and way < 0.7:
        return f"{path.name}: {_retype(path, columns, draw)}"
    if way < 0.85:
        path = files[j] = _grow_columns(path, columns, draw) if draw.random() < 0.25 else path
        if path.is_file() and not path.is_symlink():
            content, how = contents.mutate(path.read_bytes(), path.suffix, draw)
            path.write_bytes(content)
            return f"{path.name}: {how}"
    if way < 0.9 and path.is_file():
        files[j] = path.rename(path.with_suffix(draw.choice((".csv", ".jsonl", ".parquet", ".txt", ".xlsx", ""))))
        return f"{path.name}: called {files[j].name}"
    return trees.mutate(path.parent, draw, 0, path.name)


def _retype(path: Path, columns: Columns, draw: Random) -> str:
    """One to three columns of another type; or odd names, no rows, no columns, or columns of one name."""
    names = draw.sample(list(columns), draw.randint(1, min(3, len(columns))))
    arrays: dict[str, pa.Array] = {name: pa.array(column) for name, column in columns.items()}
    kinds = {}
    for name in names:
        kinds[name], arrays[name] = typed_columns.any_column(draw, columns[name])
    table = pa.table(arrays)
    way = draw.randrange(12)
    said = str(kinds)
    odd: dict[int, Callable[[], pa.Table]] = {
        0: lambda: table.rename_columns([typed_columns.odd_name(draw) for _ in table.column_names]),
        1: lambda: table.append_column(names[0], pa.array(columns[names[0]])),
        2: lambda: table.slice(0, 0),
        3: lambda: table.select([]),
        4: lambda: table.append_column(typed_columns.odd_name(draw), typed_columns.any_column(draw, columns["id"])[1]),
        5: lambda: table.append_column(
            draw.choice(("p_favor", "p_x", "votes_favor")), typed_columns.any_column(draw, columns["id"])[1]
        ),
    }
    table = odd.get(way, lambda: table)()
    return f"{said}, way {way}, {_write_parquet(path, table, draw)}"


def _grow_columns(path: Path, columns: Columns, draw: Random) -> Path:
    """Columns of probabilities and of votes, right or wrong, in a file of CSV."""
    prefix = draw.choice(("p_", "votes_"))
    n = len(columns["id"])
    value = draw.choice(("0.25", "0.333333", "1", "-1", "nan", "inf", "", "x", "1e999", "3"))
    added = {f"{prefix}{label}": [value] * n for label in draw.sample(LABELS, draw.randint(1, 4))}
    return write_csv(path.with_suffix(".csv"), columns | added)


SCORING = (
    "kazstance.cli",
    "narwhals._arrow.group_by",
    "narwhals._arrow.namespace",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.json",
    "pyarrow.pandas_compat",
    "pydantic.type_adapter",
)
SCORED_FILES = Kind(2000, prepare, make, SCORING)

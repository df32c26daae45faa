"""python -m build_scripts.load_back: load the shipped dataset both ways, compare, and print what is in it."""

import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import kazstance
from kazstance.schema.digest import table_digest
from kazstance.schema.records import HF_SPLITS

HUB = Path(__file__).parents[1] / "build" / "hub"


def main() -> None:
    """Load every table through kazstance and through datasets.load_dataset, in a separate cache."""
    table = Table("table", "split", "rows", "kazstance.load", "load_dataset(build/hub)", "digest of both")
    differing = []
    with tempfile.TemporaryDirectory() as cache:
        os.environ |= {"HF_HOME": cache, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        import datasets  # noqa: PLC0415  # reads its cache's place when imported

        for name, files in kazstance.manifest().tables.items():
            loaded, own = datasets.load_dataset(str(HUB), name), kazstance.to_hf(name)
            for split, file in files.items():
                other = HF_SPLITS.get(split, split)
                records, digest = kazstance.load(name, split), table_digest(loaded[other].with_format("arrow")[:])
                same = digest == file.digest and loaded[other].features == own[other].features
                counts = str(file.rows), f"{len(records)} records", f"{len(loaded[other])} rows"
                table.add_row(name, split, *counts, digest[:12] if same else "DIFFER")
                differing += [] if same else [f"{name}/{split}"]
    Console().print(table)
    if differing:
        sys.exit(f"the two ways differ: {', '.join(differing)}")


if __name__ == "__main__":
    main()

"""python -m benchmarks: all of them, each in a process of its own; every table goes to results/."""

import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
NOT_TABLES: Final = {
    "__init__",
    "__main__",
    "gallery",
    "judged_samples",
    "owners",
    "screenshots",
    "simulation",
    "timing",
}
LAST: Final = ("systems",)
"""The longest."""


def names() -> list[str]:
    """The benchmarks, the longest last."""
    found = sorted(file.stem for file in HERE.glob("*.py") if file.stem not in NOT_TABLES)
    return [name for name in found if name not in LAST] + [name for name in LAST if name in found]


def main() -> int:
    """Run those named on the command line, or all; go on after one that fails."""
    asked = sys.argv[1:] or names()
    if unknown := [name for name in asked if name not in names()]:
        print(f"{unknown[0]!r} is not a benchmark; choose from {', '.join(names())}", file=sys.stderr)
        return 2
    failed = []
    for name in asked:
        print(f"== {name}", file=sys.stderr, flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())

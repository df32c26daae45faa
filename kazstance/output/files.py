"""Files that appear whole or not at all."""

import tempfile
from pathlib import Path


def write_file(content: bytes, out: Path) -> None:
    """Write a file that appears whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}-", delete=False) as scratch:
        scratch.write(content)
    Path(scratch.name).chmod(0o644)
    Path(scratch.name).replace(out)

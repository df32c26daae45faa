"""The vocabulary: labels, records, tables, and how they are written as columns and digests."""

from typing import Final

MANIFEST: Final = "manifest.json"
"""The file that makes a folder a dataset."""
STAND_OFF: Final = "stand_off.json"
"""The file that makes a folder a stand-off dataset: one without its texts."""

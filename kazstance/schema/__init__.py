"""The vocabulary: labels, records, tables, and how they are written as columns and digests."""

from typing import Final

MANIFEST: Final = "manifest.json"
"""The file that makes a folder a dataset."""

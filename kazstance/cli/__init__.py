"""The command line: each command parses, calls one function, and prints."""

from kazstance.cli import bench, data, publish, review, scores
from kazstance.cli.command import app

__all__ = ["app", "bench", "data", "publish", "review", "scores"]

"""The command line: each command parses, calls one function, and prints."""

from kazstance.cli import bench, compare, data, explore, publish, review, scores, tasks
from kazstance.cli.command import app

__all__ = ["app", "bench", "compare", "data", "explore", "publish", "review", "scores", "tasks"]

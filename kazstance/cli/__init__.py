"""The command line: each command parses, calls one function, and prints."""

from kazstance.cli import annotate, bench, compare, data, explore, publish, scores, tasks
from kazstance.cli.command import app

__all__ = ["annotate", "app", "bench", "compare", "data", "explore", "publish", "scores", "tasks"]

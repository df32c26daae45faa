"""The command that leads other programs to the benchmark's tasks."""

from kazstance.cli.command import command
from kazstance.output.terminal import echo


@command
def tasks_dir() -> None:
    """Print the folder of the tasks for lm-evaluation-harness, for its `--include_path`."""
    from kazstance.models import harness

    echo(harness.TASKS)

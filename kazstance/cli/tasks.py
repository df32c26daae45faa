"""The command that tells other programs where the tasks of the benchmark are."""

from kazstance.cli.command import command
from kazstance.output.terminal import echo


@command
def tasks_dir() -> None:
    """Print the folder of the tasks for lm-evaluation-harness, to be passed to its option --include_path.

    Example: kazstance tasks-dir
    """
    from kazstance.benchmark import harness

    echo(harness.TASKS)

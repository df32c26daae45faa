"""The command that prints where the tasks for lm-evaluation-harness are."""

from kazstance.cli.command import command
from kazstance.output.terminal import echo


@command
def tasks_dir() -> None:
    """Print the folder of the tasks for lm-evaluation-harness.

    Pass it to the option --include_path of lm-eval.

    Example: kazstance tasks-dir
    """
    from kazstance.models import harness

    echo(harness.TASKS)

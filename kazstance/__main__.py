"""kazstance and python -m kazstance: the command line; what takes time to load waits until Ctrl-C is taken care of."""

import sys
from typing import NoReturn

from kazstance import interrupts


def main() -> NoReturn:
    """Run the command line, and end the program."""
    interrupts.leave_at_once()
    try:
        from kazstance.cli.boundary import run  # noqa: PLC0415  # an interrupt may come while these load
        from kazstance.ending import end  # noqa: PLC0415
    except Exception as error:  # whatever a broken installation raises
        sys.exit(f"kazstance cannot start: {type(error).__name__}: {' '.join(str(error).split())}")
    code: object = None
    try:
        run()
    except SystemExit as done:
        code = done.code
    interrupts.leave_at_once()
    end(code)


if __name__ == "__main__":
    main()

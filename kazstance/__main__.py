"""kazstance and python -m kazstance: the command line; what takes time to load waits until Ctrl-C is taken care of."""

import sys

from kazstance import interrupts


def main() -> None:
    """Run the command line."""
    interrupts.leave_at_once()
    try:
        from kazstance.cli.boundary import run  # noqa: PLC0415  # an interrupt may come while it loads
    except Exception as error:  # whatever a broken installation raises
        sys.exit(f"kazstance cannot start: {type(error).__name__}: {' '.join(str(error).split())}")
    try:
        run()
    finally:
        interrupts.leave_at_once()


if __name__ == "__main__":
    main()

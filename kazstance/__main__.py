"""python -m kazstance: the command line."""

from kazstance.cli import app

if __name__ == "__main__":
    app(prog_name="kazstance")

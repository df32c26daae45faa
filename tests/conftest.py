import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest
from hypothesis import settings

from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.publish.hub import stage

# A slow machine is not a fault of the code, and every run of CI tries the same examples: few at first, more in full.
settings.register_profile("kazstance", deadline=None, max_examples=30, derandomize="CI" in os.environ)
settings.register_profile("thorough", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("kazstance")

ROOT = Path(__file__).parents[1]
HARBOUR = Path(__file__).parent / "fixtures" / "harbour"


def quiet(_: str) -> None:
    """Ignore the progress messages of a build."""


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder with raw/ and the pages: the checkout, or a copy of it next to the wheel."""
    return ROOT


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """A copy of the small corpus, for a test to change."""
    return Path(shutil.copytree(HARBOUR, tmp_path / "harbour"))


@pytest.fixture(scope="session")
def harbour_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small corpus, built."""
    folder = tmp_path_factory.mktemp("harbour")
    build(HARBOUR, folder, quiet)
    return folder


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped dataset as it goes to a Hub."""
    out = tmp_path_factory.mktemp("staged") / "hub"
    stage(DatasetFolder(), out)
    return out


def environment(name: str, *requirements: str) -> Path:
    """The Python of a separate environment, `.venv-<name>`, for packages that conflict with those of `make`.

    Created once, and again whenever the requirements have changed.
    """
    folder = ROOT / f".venv-{name}"
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True, cwd=ROOT)
        stamp.write_text(wanted)
    return python

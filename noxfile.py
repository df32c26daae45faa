"""The tests on other versions and with fewer extras: `nox -l` lists the sessions; a missing interpreter is skipped."""

import re
import shutil
from pathlib import Path

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PROJECT = nox.project.load_toml("pyproject.toml")
HEAVY = PROJECT["tool"]["kazstance"]["heavy-extras"]
EXTRAS = sorted(PROJECT["project"]["optional-dependencies"].keys() - set(HEAVY))
"""All except the heavy ones, whose tests have environments of their own."""
BESIDE = ["tests", "raw", "docs", "benchmarks", "pyproject.toml", "CITATION.cff", ".zenodo.json"]
"""What the tests need beside the package, with the pages and licences."""
SUITE = ["python", "-m", "pytest", "-m", "not full", "-n", "2", "--dist", "worksteal", "-p", "no:cacheprovider"]
ENGINES = ["dask[dataframe]==2026.8.0", "duckdb==2.0.0", "ibis-framework[duckdb]==12.0.0", "pyspark==4.3.0"]
"""The engines of the day, of which no extra installs any."""
QUIET = ["-o", "filterwarnings="]
"""Other versions warn of each other; errors of warnings are for the versions that `make` installs."""

nox.needs_version = ">=2025.2"
nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "venv"


def lowest() -> list[str]:
    """The lowest version of each dependency that pyproject.toml allows, as requirements."""
    project = PROJECT["project"]
    extras = (project["optional-dependencies"][extra] for extra in EXTRAS)
    required = {requirement for part in [project["dependencies"], *extras] for requirement in part}
    if loose := [requirement for requirement in required if not re.fullmatch(r"[\w.-]+>=[\w.]+", requirement)]:
        raise ValueError(f"{', '.join(sorted(loose))}: no lowest version, expected package>=version")
    return sorted(requirement.replace(">=", "==") for requirement in required)


def install(session: nox.Session, *others: str) -> None:
    """Install the checkout with its extras and what the tests need, in one go."""
    session.install("--upgrade", "pip")
    session.install("--group", "dev", "--editable", f".[{','.join(EXTRAS)}]", *others)
    session.run("python", "-m", "pip", "list", "--format", "freeze")


@nox.session(python=PYTHONS)
def latest(session: nox.Session) -> None:
    """The newest version of each dependency."""
    install(session)
    session.run(*SUITE, *QUIET, *session.posargs)


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """The lowest version of each dependency, on the lowest Python."""
    install(session, *lowest())
    session.run(*SUITE, *QUIET, *session.posargs)


@nox.session(python=PYTHONS[0])
def engines(session: nox.Session) -> None:
    """The same figures from every engine; Spark needs Java."""
    install(session, *ENGINES)
    arguments = ["-n", "2", "-p", "no:cacheprovider", "-m", "not full", "tests/test_engines.py"]
    session.run("python", "-m", "pytest", *arguments, *QUIET, *session.posargs)


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """The site of documentation, without a warning."""
    session.install("--upgrade", "pip")
    session.install("--group", "docs", "--editable", ".[frames,plots]")
    session.run("mkdocs", "build", "--strict")


for extra in ["", *EXTRAS, *HEAVY]:

    @nox.session(name=f"extra-{extra or 'base'}", tags=["extra"])
    def alone(session: nox.Session, extra: str = extra) -> None:
        """A plain install with one extra, or with none: each command works, or names the extra that it needs."""
        pins = [] if extra == "eval" else ["--constraint", "constraints.txt"]  # which lm-eval does not go with
        session.install("--quiet", *pins, "--editable", f".[{extra}]" if extra else ".", "pytest", "pytest-xdist")
        arguments = ["--noconftest", "-n", "2", "-m", "extra", "-p", "no:cacheprovider", "tests/test_extra.py"]
        try:
            session.run("python", "-m", "pytest", *arguments, *session.posargs, env={"EXTRA": extra})
        finally:  # ten environments at a time, two of them with torch, would fill a small disk
            shutil.rmtree(session.virtualenv.location, ignore_errors=True)


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """The wheel in an environment without the checkout."""
    out = Path(session.create_tmp()).resolve()
    session.install("--upgrade", "pip")
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, ".")
    (built,) = out.glob("*.whl")
    session.install("--group", "dev", f"{built}[{','.join(EXTRAS)}]")
    shutil.rmtree(out / "run", ignore_errors=True)
    for name in [*BESIDE, *map(str, Path().glob("*.md")), *map(str, Path().glob("LICENSE*"))]:
        (out / "run").mkdir(exist_ok=True)
        copy = shutil.copytree if Path(name).is_dir() else shutil.copy
        copy(name, out / "run" / name)
    session.chdir(out / "run")
    session.run(*SUITE, *QUIET, *session.posargs)

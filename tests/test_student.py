"""Quantiles for intervals, without scipy, are those of scipy."""

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, stdtrit

from kazstance.stats.student import normal_share, quantile


@given(st.one_of(st.integers(1, 1000), st.integers(1, 10**8)), st.floats(1e-4, 0.45))
def test_quantiles_of_t_are_those_of_scipy(freedom, share):
    assert quantile(freedom, share) == pytest.approx(stdtrit(freedom, share), rel=1e-9)


@given(st.floats(-30, 30))
def test_the_normal_distribution_is_that_of_scipy(value):
    assert normal_share(value) == pytest.approx(ndtr(value), rel=1e-12, abs=1e-300)


@pytest.mark.skipif(int(pa.__version__.partition(".")[0]) < 26, reason="an older pyarrow imports pandas by itself")
def test_scoring_files_loads_no_library_that_takes_longer_than_scoring(tmp_path):
    (tmp_path / "x.csv").write_text("id,topic,label\n1,a,favor\n2,a,against\n")
    code = (
        "import sys; from kazstance.cli.boundary import run\n"
        "try: run()\nexcept SystemExit: pass\n"
        "print([name for name in ('pandas', 'narwhals', 'scipy', 'polars', 'pyarrow.parquet') if name in sys.modules])"
    )
    where = ["--gold", str(tmp_path / "x.csv"), "--pred", str(tmp_path / "x.csv"), "--id", "id", "--target", "topic"]
    done = subprocess.run([sys.executable, "-c", code, "score", *where], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout

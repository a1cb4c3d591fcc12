"""Every figure leaves matplotlib as it found it."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

mpl.use("agg")


@pytest.fixture(autouse=True)
def _no_traces():
    before = mpl.rcParams.copy()
    yield
    assert before == mpl.rcParams
    plt.close("all")

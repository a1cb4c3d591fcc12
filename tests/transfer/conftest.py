import pytest

from skinage.threads import one_thread


@pytest.fixture(autouse=True)
def _one_thread():
    """Small networks on small tiles: several threads would only wait for each other."""
    with one_thread():
        yield

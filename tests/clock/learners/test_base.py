import doctest

import numpy as np

import skinage.clock.learners.base
import skinage.clock.learners.pooled
from skinage.clock.learners.base import standardise


def test_the_examples_of_the_protocol_run_as_written():
    for module in (skinage.clock.learners.base, skinage.clock.learners.pooled):
        result = doctest.testmod(module)
        assert result.attempted
        assert not result.failed


def test_what_never_varies_is_not_divided_by_zero():
    mean, scale = standardise(np.array([[1.0, 7], [3, 7]]))
    assert mean.tolist() == [2, 7]
    assert scale.tolist() == [1, 1]

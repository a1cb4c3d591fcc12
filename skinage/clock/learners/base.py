"""The protocol of learners and models, which your own clock can follow, and what they share."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from skinage.cohort.folds import inner_folds
from skinage.people.clock_inputs import ClockInputs

N_INNER_FOLDS = 5


class Model(Protocol):
    """A fitted model: what `Learner.fit` returns."""

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        """Predict ages.

        Parameters
        ----------
        inputs
            What is known of the people to predict, as for `Learner.fit`. There may be one person
            only, and a person's prediction must not depend on who else is predicted.

        Returns
        -------
        numpy.ndarray
            ``(n_people,)`` float64, years; finite.
        """

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything the model needs to predict, for `Clock.save`.

        Returns
        -------
        dict
            Arrays by name, of any shape and of a number type (no objects). The names are yours;
            they must not contain "/".

        Raises
        ------
        SettingError
            If the model cannot be kept as arrays. It predicts all the same; only saving fails.
        """


class Learner(Protocol):
    """A way to fit a model. An object with these four members can be any clock's ``model``.

    `predict_age`, `fit_clock`, `predict_slides`, `learning_curve` and `compare_clocks` take it in
    place of a name. They call ``fit`` many times, on the training people of each outer and inner
    fold; so whatever a learner chooses (scaling, penalties, features), it must choose inside
    ``fit``, from these people alone, and keep nothing in itself. For a scikit-learn regressor no
    learner is needed: give the regressor itself.

    A learner with ``fits_columns = True`` also takes a target ``(n_people, n_targets)``, and its
    model then predicts ``(n_people, n_targets)``, each as if it were alone: `compare_clocks`
    shuffles ages 199 times where this is quick.

    Examples
    --------
    A learner that fits a straight line through the first feature:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import skinage as ska
    >>> class LineModel:
    ...     def __init__(self, line):
    ...         self.line = line
    ...
    ...     def predict(self, inputs):
    ...         return np.polyval(self.line, inputs.pooled()[:, 0])
    ...
    ...     def arrays(self):
    ...         return {"line": self.line}
    >>> class Line:
    ...     name = "line"
    ...     needs_tiles = False
    ...
    ...     def fit(self, inputs, target, *, seed):
    ...         return LineModel(np.polyfit(inputs.pooled()[:, 0], target, 1))
    ...
    ...     def load(self, arrays):
    ...         return LineModel(arrays["line"])
    >>> thickness_um = np.linspace(40, 80, 30)
    >>> people = pd.DataFrame({"thickness_um": thickness_um}, [f"P{k}" for k in range(30)])
    >>> cohort = pd.DataFrame({"person_id": people.index, "age_years": 110 - thickness_um})
    >>> ages = ska.predict_age(people, cohort, Line(), coverage=None)
    >>> bool(np.allclose(ages["predicted_years"], ages["age_years"]))
    True
    """

    @property
    def name(self) -> str:
        """The name of the learner, which stands in the metadata of its clocks."""

    @property
    def needs_tiles(self) -> bool:
        """True if it pools the tiles itself.

        It then reads ``inputs.person_tiles()`` and works with an atlas only. Otherwise it reads
        ``inputs.pooled()``, the features by person.
        """

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> Model:
        """Fit a model on training people.

        Parameters
        ----------
        inputs
            What is known of these people besides their age. ``inputs.pooled()`` is
            ``(n_people, n_features)`` float64, finite, not standardised. ``inputs.sex_male`` is
            ``(n_people,)``: 1, 0, or NaN where the sex is unknown. ``inputs.person_tiles()`` has
            ``features``, ``(n_tiles, dim)`` float32 of everybody (do not write to it), and
            ``rows``, which of these rows are whose, a list of ``n_people`` arrays.
            ``inputs.groups`` is None unless whole groups (scanners, hospitals) are held out: then
            it is the group of each of these people, ``(n_people,)``. What is chosen by error is
            then best chosen by the error on groups held out, as `tuning_folds` assigns them.
        target
            ``(n_people,)`` float64, ages in years. Where only a bracket of the age is known, this
            is the expected age within the bracket.
        seed
            Seed of everything that is drawn: the same people and seed must give the same model.

        Returns
        -------
        Model
            A new model; it must not refer to ``inputs``.
        """

    def load(self, arrays: Mapping[str, np.ndarray]) -> Model:
        """Return the model that these ``arrays`` came from; it must predict the same.

        Parameters
        ----------
        arrays
            What the model's ``arrays`` returned. `load_clock` calls this.

        Returns
        -------
        Model
            A model like the one that was saved.
        """


def tuning_folds(inputs: ClockInputs, target: np.ndarray, seed: int) -> np.ndarray:
    """Assign training people to five folds on which a learner chooses what it chooses by error.

    Folds are whole groups where groups are held out and there are three at least.

    Parameters
    ----------
    inputs, target, seed
        As for `Learner.fit`.

    Returns
    -------
    numpy.ndarray
        ``(n_people,)`` numbers of folds; fewer than five of fewer groups or people.
    """
    groups = None if inputs.groups is None else pd.Series(inputs.groups)
    return inner_folds(pd.Series(target), groups, N_INNER_FOLDS, seed=seed).to_numpy()


def standardise(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and scale (SD; 1 for what never varies), ``(n_features,)`` each."""
    scale = features.std(axis=0)
    return features.mean(axis=0), np.where(scale > 0, scale, 1.0)

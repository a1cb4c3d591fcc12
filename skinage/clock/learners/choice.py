"""The learner that a user asks for: by a name, as a scikit-learn regressor, or as a learner."""

import difflib
from functools import cache
from typing import Any

from skinage.clock.learners.attention import Attention
from skinage.clock.learners.base import Learner
from skinage.clock.learners.ridge import Ridge
from skinage.clock.learners.scikit import Scikit
from skinage.clock.learners.trees import Trees
from skinage.errors import SettingError

LEARNERS: dict[str, Learner] = {one.name: one for one in (Ridge(), Trees(), Attention())}


def learner_of(model: Any) -> Learner:
    """Return the learner of a model.

    Parameters
    ----------
    model
        A name of ``LEARNERS``; the class name of a scikit-learn regressor, such as
        "ElasticNetCV"; a scikit-learn regressor, such as a Pipeline or a GridSearchCV; or an
        object that follows the `Learner` protocol.

    Raises
    ------
    SettingError
        If there is no such model; names that are near are listed.
    """
    if isinstance(model, str):
        return LEARNERS[model] if model in LEARNERS else Scikit(_regressor(model))
    if hasattr(model, "needs_tiles"):
        return model
    if hasattr(model, "get_params") and not isinstance(model, type):
        return Scikit(model)
    raise SettingError(
        f"clock: {model!r} is no model; expected a name, a scikit-learn regressor (an object, not "
        "a class) or an object with name, needs_tiles, fit and load (skinage.Learner)"
    )


@cache
def _regressors() -> dict[str, Any]:
    from sklearn.utils import all_estimators

    return dict(all_estimators(type_filter="regressor"))


def _regressor(name: str) -> Any:
    classes = _regressors()
    if name not in classes:
        plain = {_plain(known): known for known in (*classes, *LEARNERS)}
        near = [plain[one] for one in difflib.get_close_matches(_plain(name), plain, cutoff=0.5)]
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise SettingError(
            f"clock: no model {name!r}{meant} Choose from {', '.join(LEARNERS)}, or any regressor "
            "of scikit-learn, by its class name or as an object"
        )
    # The kernel of a Gaussian process expects a target of SD 1.
    options = {"normalize_y": True} if name == "GaussianProcessRegressor" else {}
    try:
        return classes[name](**options)
    except TypeError as error:
        raise SettingError(
            f"clock: {name} cannot be made without arguments ({error}); give the regressor as an "
            "object"
        ) from error


def _plain(name: str) -> str:
    return name.lower().replace("_", "")

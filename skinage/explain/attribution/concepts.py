"""Whether the clock's age follows a concept that the user shows by tiles (TCAV)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from skinage.clock.clock import Clock
from skinage.errors import SettingError, StageError
from skinage.explain.attribution.concept_directions import (
    Direction,
    check_enough,
    direction_effects,
    random_concepts,
    tile_gradients,
)
from skinage.skip_log import add_skipped

if TYPE_CHECKING:
    from anndata import AnnData


def concept_sensitivity(
    clock: Clock | Mapping[Any, Clock],
    atlas: "AnnData",
    concepts: Mapping[str, Sequence[str] | NDArray[np.bool_]],
    *,
    ages: pd.DataFrame | None = None,
    controls: Sequence[str] = ("scanner", "stain_batch"),
    n_random: int = 499,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute how many years the predicted age rises along the direction of each concept.

    Testing with concept activation vectors (Kim et al. 2018, ICML): a linear classifier tells the
    tiles of a concept from other tiles by their features, and the age is derived along its
    direction, here at the output of the encoder. The classifier (ridge regression) never sees the
    tiles of the people whose age is derived. Random concepts are as many random tiles of as many
    random people, so that a concept of a few people, such as a scanner, is compared with other
    few people. The p-value is the share of random concepts with at least this effect, older or
    younger. A direction among features is no amount of tissue: its sign need not be that of how
    thick or how large the tissue is in older people.

    Parameters
    ----------
    clock
        A clock with gradients; or the clocks of the folds by fold, as `fit_fold_clock` returns
        them, to explain each person by the clock that predicted them. People of a single clock
        are split into two halves, and each is explained by concepts from the other.
    atlas
        Embeddings of the tiles of one visit, with ``person_id``; other pictures of a concept can
        be added to it as tiles of further people.
    concepts
        For each name the tile ids, or a mask of the tiles of the atlas ``(n_tiles,)``.
    ages
        The table that `predict_age` returned, with the fold of each person. Needed with the clocks
        of folds.
    controls
        Columns of ``atlas.obs`` that age should not follow; each value is a concept of its own.
        Those that are missing, or have one value, have no part.
    n_random
        Number of random concepts for each concept.
    seed
        Seed of the random concepts, and of the halves.

    Returns
    -------
    pandas.DataFrame
        A row per concept: ``concept``; ``kind``, "concept" or "control"; ``n_tiles`` and
        ``n_people``; ``years_per_sd``, the years by which the age of a person rises if all tiles
        move along the direction by one SD of tiles; ``share_positive`` of the tiles that would
        raise the age, moved alone (Kim's score); ``auc`` of the classifier on the tiles of the
        people explained (.5: there is no such direction); ``random_sd_years`` of the random
        concepts; ``p_value``; and ``q_value`` (Benjamini and Hochberg, within a kind). `skipped`
        lists values of controls with too few tiles.

    Raises
    ------
    SettingError
        If clocks of folds come without ages, or there is no concept or no random one.
    StageError
        If a concept has fewer than 20 tiles, or fewer than 5 people, outside of a fold; a tile is
        not in the atlas; or the clock has no gradients or does not fit the atlas.
    """
    if n_random < 1 or not concepts:
        raise SettingError(
            f"concept_sensitivity: {len(concepts)} concepts, n_random={n_random}; expected one of "
            "each at least"
        )
    generator = np.random.default_rng(seed)
    person = atlas.obs["person_id"].astype(str).to_numpy()
    fold, clocks = _folds(clock, person, ages, generator)
    masks = {name: _mask(name, which, atlas) for name, which in concepts.items()}
    for name, mask in masks.items():
        check_enough(name, mask, person, fold, [*clocks])
    n_concepts, skipped = len(masks), {}
    for name, mask in _controls(atlas.obs, controls).items():
        try:
            check_enough(name, mask, person, fold, [*clocks])
        except StageError as error:
            skipped[f"control {name}"] = str(error)
        else:
            masks[name] = mask
    features = np.asarray(atlas.X, float)
    gradients = tile_gradients(clocks, features, person, fold)
    rows = []
    for number, (name, mask) in enumerate(masks.items()):
        drawn = random_concepts(mask, person, n_random, generator)
        found = direction_effects(
            np.column_stack([mask, drawn]), features, gradients, person=person, fold=fold
        )
        rows.append(_row(name, mask & np.isin(fold, [*clocks]), person, found)
                    | {"kind": "concept" if number < n_concepts else "control"})  # fmt: skip
    table = pd.DataFrame(rows)
    table["q_value"] = table.groupby("kind")["p_value"].transform(stats.false_discovery_control)
    add_skipped(table, "concept_sensitivity", skipped)
    return table[[
        "concept", "kind", "n_tiles", "n_people", "years_per_sd", "share_positive", "auc",
        "random_sd_years", "p_value", "q_value",
    ]]  # fmt: skip


def _row(name: str, mask: np.ndarray, person: np.ndarray, found: Direction) -> dict[str, Any]:
    """Return the row of a concept, whose effect is the first and random ones the others."""
    own, *random = found.years_per_sd
    n_as_large = int((np.abs(random) >= abs(own)).sum())
    return {
        "concept": name,
        "n_tiles": int(mask.sum()),
        "n_people": len(np.unique(person[mask])),
        "years_per_sd": own,
        "share_positive": found.share_positive,
        "auc": found.auc,
        "random_sd_years": float(np.std(random)),
        "p_value": (1 + n_as_large) / (1 + len(random)),
    }


def _folds(
    clock: Clock | Mapping[Any, Clock],
    person: np.ndarray,
    ages: pd.DataFrame | None,
    generator: np.random.Generator,
) -> tuple[np.ndarray, Mapping[Any, Clock]]:
    """Return the fold of each tile (None: of nobody to explain) and the clock of each fold."""
    if isinstance(clock, Clock):
        names = np.unique(person)
        half = pd.Series(generator.permutation(len(names)) % 2, names)
        return half.reindex(person).to_numpy(object), {0: clock, 1: clock}
    if ages is None:
        raise SettingError(
            "concept_sensitivity: clocks of folds need ages, the table of predict_age"
        )
    of_person = ages.drop_duplicates("person_id").set_index("person_id")["fold"]
    fold = of_person.reindex(person).astype(object)
    return fold.where(fold.isin([*clock]), None).to_numpy(object), clock


def _mask(
    name: str, which: Sequence[str] | NDArray[np.bool_], atlas: "AnnData"
) -> NDArray[np.bool_]:
    """Return which tiles of the atlas a concept names."""
    given = np.asarray(which)
    if given.dtype == bool:
        if given.shape != (atlas.n_obs,):
            raise StageError(
                f"concept_sensitivity: the mask of concept {name!r} has shape {given.shape}; "
                f"expected ({atlas.n_obs},), a value per tile of the atlas"
            )
        return given
    missing = np.setdiff1d(given, atlas.obs_names)
    if len(missing):
        raise StageError(
            f"concept_sensitivity: {len(missing)} of {len(given)} tiles of concept {name!r} are "
            f"not in the atlas, such as {[*missing[:3]]}; expected tile ids like "
            f"{atlas.obs_names[0]!r}"
        )
    return np.asarray(atlas.obs_names.isin(given))


def _controls(obs: pd.DataFrame, columns: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Return a mask for each value of the columns; one of two values, which mirror each other."""
    masks = {}
    for column in columns:
        values = sorted(obs[column].dropna().unique()) if column in obs else []
        for value in values[: None if len(values) > 2 else len(values) - 1]:
            masks[f"{column}: {value}"] = (obs[column] == value).to_numpy(bool)
    return masks

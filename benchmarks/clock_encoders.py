"""Whether a clock gains from an encoder that was trained on the tiles of the people it predicts.

`train` uses the tiles of all people (without ages), also of those whose age the clock predicts
later. Here a clock out of fold is built three times, on a phantom:

- all people: one encoder, trained on everybody;
- fold held out: for each fold an encoder trained without its people;
- other fold held out: for each fold an encoder trained without the people of the next fold. It has
  seen the people it is tested on, and as many people as the encoders of the second row.

The second row minus the third is the effect of having seen the tested people; the second minus the
first contains the effect of fewer training people, too. Features of different encoders have nothing
in common: the clock of a fold is fitted on features of the fold's encoder, and predicts the people
held out from features of the same encoder. Called by ``clock.py --encoders-per-fold``.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, r2_score

import skinage as ska
from skinage.evaluation.metrics import N_BOOTSTRAP, person_weights, with_interval

N_FOLDS = 5
ALL, HELD_OUT, OTHER = "all people", "fold held out", "other fold held out"


def compare_encoders(
    folder: Path, n_people: int, epochs: int, seed: int = 0
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return a row per way of training encoders, and a row per paired difference."""
    path = ska.phantom.make_cohort(folder / "phantom", n_people, seed=seed, preset="teaching")
    cohort = ska.first_visits(ska.read_cohort(path))
    tiles = ska.tile(cohort, out=folder / "tiles.parquet")
    ages_years = cohort.drop_duplicates("person_id").set_index("person_id")["age_years"]
    folds = ska.person_folds(ages_years, N_FOLDS, seed=seed)

    def predicted(name: str, held_out: list[str]) -> pd.DataFrame:
        """Train without some people; predict all people out of fold from its features."""
        own = folder / f"{name}_{epochs}_epochs"
        seen = tiles[~tiles["person_id"].isin(held_out)]
        encoder = ska.train(seen, method="vicreg", epochs=epochs, seed=seed, out=own / "encoder")
        people = ska.pool(ska.embed(tiles, encoder, out=own / "embeddings.zarr"))
        return ska.predict_age(people, cohort, folds=folds, coverage=None, seed=seed)

    by_fold = [
        predicted(f"without_fold_{fold}", [*folds.index[folds == fold]]) for fold in range(N_FOLDS)
    ]
    ages = {
        ALL: predicted("everybody", []),
        HELD_OUT: _assembled(by_fold, shift=0),
        OTHER: _assembled(by_fold, shift=1),
    }
    truth = ska.phantom.read_truth(path).set_index("person_id")["acceleration_years"]
    errors = {name: _errors(table) for name, table in ages.items()}
    rows = [_row(name, table, truth) for name, table in ages.items()]
    differences = [_difference(errors, HELD_OUT, other, seed) for other in (ALL, OTHER)]
    return rows, differences


def _assembled(by_fold: list[pd.DataFrame], shift: int) -> pd.DataFrame:
    """Return each fold's predictions from the encoder made without the fold ``shift`` later."""
    parts = [
        by_fold[(fold + shift) % N_FOLDS].query("fold == @fold") for fold in range(N_FOLDS)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _errors(ages: pd.DataFrame) -> pd.Series:
    return (ages["predicted_years"] - ages["age_years"]).abs().set_axis(ages["person_id"])


def _row(name: str, ages: pd.DataFrame, truth: pd.Series) -> dict[str, str]:
    measured = ska.acceleration(ages).set_index("person_id")["acceleration_years"]
    actual, predicted = ages["age_years"], ages["predicted_years"]
    return {
        "encoder trained on": name,
        "people": str(len(ages)),
        "MAE, years": f"{mean_absolute_error(actual, predicted):.2f}",
        "R2": f"{r2_score(actual, predicted):.3f}",
        "r with planted": f"{measured.corr(truth):.3f}",
    }


def _difference(errors: dict[str, pd.Series], name: str, other: str, seed: int) -> dict[str, str]:
    """Return the mean difference of absolute errors, with a bootstrap interval by person."""
    difference = (errors[name] - errors[other]).to_numpy()
    weights = person_weights(len(difference), N_BOOTSTRAP, seed)
    value, lower, upper = with_interval(weights @ difference)
    return {
        "absolute error, paired by person": f"{name} minus {other}",
        "mean difference, years": f"{value:+.2f}",
        "95 % interval": f"{lower:+.2f} to {upper:+.2f}",
        "SD of the differences": f"{np.std(difference, ddof=1):.2f}",
    }

"""What the cards of a run tell about it: encoder, clock, versions."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from skinage.cohort.label_seen import label_seen
from skinage.reporting.tripod.words import Facts, known, listed
from skinage.storage import table_hash

NOT_RANDOM = re.compile(r"[0-9a-f]{32,}|(hf-hub|local-dir):.*")
LINEAR = "standardised by the mean and SD of the training people, each feature enters linearly"
MODELS = {
    "ridge": (
        "ridge regression, its penalty the one of least squared error when each training person "
        "is left out in turn",
        LINEAR,
    ),
    "elastic_net": (
        "elastic net, its penalty and its share of the lasso chosen by inner folds of the "
        "training people",
        LINEAR,
    ),
    "gaussian_process": (
        "Gaussian process regression, the parts of straight line, smooth curve and noise those of "
        "greatest marginal likelihood for the training people",
        "standardised by the mean and SD of the training people, the features enter as a straight "
        "line and a smooth curve",
    ),
    "trees": (
        "gradient-boosted trees, their number chosen by inner folds of the training people",
        "the features are split as they are, beside sex as the cohort table has it",
    ),
    "attention": (
        "attention over a person's tiles, trained until inner folds of the training people were "
        "predicted no worse than at best",
        "each tile's features are standardised by the training people, and the model weighs tiles",
    ),
}
"""How each learner is fitted, and how features enter it; `skinage.clock.fitting` has the names."""


def of_encoder(card: Mapping[str, Any], tiles: pd.DataFrame, ages: pd.DataFrame) -> Facts:
    """Give the facts of encoder.json; tiles and ages tell whom it has met."""
    recipe = card.get("recipe", {})

    def start() -> str | None:
        return "random weights" if not NOT_RANDOM.fullmatch(recipe["backbone"]) else None

    def trained_on() -> str | None:
        # The card has a hash of the tiles it was trained on: it tells all of them from some.
        if tiles.empty or table_hash(tiles) != recipe["tiles"]:
            return None
        n_people = tiles["person_id"].nunique()
        return f"all {len(tiles):,} tiles of all {n_people} people, those tested included"

    def ages_seen() -> str | None:
        if "labels_seen" not in card:
            return "no age" if "method" in card else None
        n_tested = int(label_seen(dict(card), ages["person_id"]).sum())
        n_seen = len(card["labels_seen"]["people"])
        return f"the ages of {n_seen} people, {n_tested} of the people tested among them"

    return known({
        "architecture": lambda: card["architecture"],
        "method": lambda: f"{card['method']}, {card['epochs']} epochs, seed {card['seed']}",
        "start": start,
        "trained_on": trained_on,
        "ages_seen": ages_seen,
        "balance": lambda: listed(recipe["pairs"]["balance"]),
        "dim": lambda: card["dim"],
        "hash": lambda: card["hash"][:12],
    })  # fmt: skip


def of_clock(card: Mapping[str, Any]) -> Facts:
    """Give the facts of clock.json."""
    name = str(card.get("model", card.get("learner", "")))
    models = [MODELS[part] for part in name.split("+") if part in MODELS]
    understood = bool(name) and len(models) == len(name.split("+"))
    mean_of = "the mean of: " if len(models) > 1 else ""

    def features() -> str:
        kinds = {str(one).rpartition("_")[0]: 1 for one in card.get("feature_names", ())}
        count = card.get("n_features") or len(card["feature_names"])
        pooled = card.get("statistics") or [kind for kind in kinds if kind != "tile"]
        whose = "a tile" if "tile" in kinds else "a person"
        how = f", pooled over tiles: {listed(pooled)}" if pooled and name != "attention" else ""
        return f"{count} features of {whose}{how}"

    return known({
        "name": lambda: name.replace("_", " "),
        "model": lambda: mean_of + "; ".join(what for what, _ in models) if understood else None,
        "handling": lambda: (
            "; ".join(dict.fromkeys(how for _, how in models)) if understood else None
        ),
        "sex": lambda: "sex" if "trees" in name else None,
        "features": features,
        "people": lambda: card["n_people"],
        "ages": lambda: f"{card['age_low_years']:g} to {card['age_high_years']:g}",
        "encoder": lambda: (card["encoder_hash"] or "")[:12],
        "seed": lambda: card["seed"],
    })  # fmt: skip


def of_run(run: Mapping[str, Any]) -> Facts:
    """Give the facts of run.json."""
    return known({
        "skinage": lambda: run["skinage"],
        "python": lambda: run["machine"]["python"],
        "packages": lambda: listed(
            f"{name} {version}"
            for name, version in run["versions"].items()
            if version != "not installed"
        ),
        "slides": lambda: len(run["slides"]) or None,
        "seed": lambda: run["settings"]["seed"],
    })  # fmt: skip

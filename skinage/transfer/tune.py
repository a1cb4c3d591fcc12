"""Tune an encoder to another target: a small head on its features, or the backbone along."""

import copy
from collections.abc import Sequence

import pandas as pd
import torch

from skinage.cohort.label_seen import refuse_seen
from skinage.embedding.embed import Embedder, embed
from skinage.encoders.encoder import Encoder
from skinage.errors import SettingError
from skinage.people.pool import features_of
from skinage.skip_log import add_skipped, skipped
from skinage.transfer.end_to_end import tile_pixels, tune_end_to_end
from skinage.transfer.gain import age_and_sex
from skinage.transfer.heads import fit_head
from skinage.transfer.participants import columns_of, make_target, participants
from skinage.transfer.tuned import Tuned, TunedFold, mean_features


def tune(
    tiles: pd.DataFrame,
    cohort: pd.DataFrame,
    encoder: Embedder,
    *,
    target: str | Sequence[str],
    folds: pd.Series,
    epochs: int = 0,
    seed: int = 0,
    device: str = "auto",
) -> Tuned:
    """Teach an encoder another target of the cohort, and predict everybody out of fold.

    A person's prediction is the output of a linear head, averaged over the tiles of the person's
    first visit; later visits take no part, because their tissue belongs to another age and another
    follow-up. In each fold the features are standardised, and the L2 penalty of the head is chosen,
    by the training people alone: ridge regression for a number, logistic regression for a class,
    Cox regression for a time.

    Parameters
    ----------
    tiles
        The tile table.
    cohort
        A row per slide, with ``slide_id``, ``person_id``, the target and, where people have several
        visits, ``visit`` and ``age_years``. The target is the first visit's. ``score()`` compares
        with ``age_years`` and ``sex`` alone, where they are known.
    encoder
        An `Encoder`; with ``epochs=0`` any embedder.
    target
        A column: a number if it has more than two numeric values, else a class; or a pair such as
        ``("follow_up_years", "died")`` for the time to an event.
    folds
        The fold of each person, index ``person_id``, such as `person_folds` returns.
    epochs
        0 fits the head alone, on frozen features. Above 0, a copy of the backbone is trained along
        in each fold for so many epochs (AdamW), starting from the frozen encoder's head. The
        pixels then stay in memory up to 2 GiB; more are read again for every batch.
    seed
        Seed of the order in which the backbone sees tiles; a frozen tuning draws nothing.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``: where the backbone runs.

    Returns
    -------
    Tuned
        ``predictions``, ``score()`` and ``apply(tiles)``. ``skipped(tuned.predictions)`` lists the
        people and slides without a part in it.

    Raises
    ------
    SettingError
        If ``epochs``, ``device``, ``target`` or ``folds`` cannot be used.
    CohortError
        If the cohort lacks the target, or the rows of one visit contradict each other.
    StageError
        If the target is constant or has impossible values, a class or the events are too few, or
        features are not finite.
    LeakageError
        If a person is in two folds, people of different folds share a slide, or the encoder saw
        labels of the people to be predicted.
    """
    columns = columns_of(target)
    if epochs < 0:
        raise SettingError(f"tune: epochs is {epochs}; expected 0 (frozen) or more")
    if epochs and not isinstance(encoder, Encoder):
        raise SettingError("tune: only an Encoder has a backbone to train; use epochs=0")
    encoder = _on_device(encoder, device)
    tiles, known, reasons = participants(tiles, cohort, columns, folds)
    make_target(known)  # what cannot be learnt is refused before hours of embedding
    refuse_seen(encoder.metadata, [*known.index], "tune")
    atlas = embed(tiles, encoder)
    people = mean_features(atlas)
    reasons |= skipped(atlas).set_index("item")["reason"].to_dict()
    for person in known.index.difference(people.index):
        reasons[f"person {person}"] = "no tile that can be read"
    known, tiles = known.loc[people.index], tiles[tiles["tile_id"].isin(atlas.obs["tile_id"])]
    goal = make_target(known)
    features, values = features_of(people), goal.values(known[columns])
    rows_of = tiles.reset_index().groupby("person_id").indices
    pixels = tile_pixels(tiles) if epochs else None
    models: dict[object, TunedFold] = {}
    predicted = []
    for one in sorted(known["fold"].unique()):
        tested = (known["fold"] == one).to_numpy()
        within = goal.within(values[~tested])
        model = TunedFold(encoder, fit_head(features[~tested], values[~tested], within), within)
        own_features = people[tested]
        if pixels is not None and isinstance(encoder, Encoder):
            rows = [rows_of[person] for person in known.index[~tested]]
            tuned = tune_end_to_end(
                encoder, model.head, pixels, rows_of=rows, values=values[~tested], target=within,
                epochs=epochs, seed=seed,
            )  # fmt: skip
            model = TunedFold(*tuned, within)
            own = tiles[tiles["person_id"].isin(known.index[tested])]
            own_features = mean_features(embed(own, model.encoder))
        predicted.append(model.predict(own_features))
        models[one] = model
    table = known.join(pd.concat(predicted)).assign(n_tiles=people["n_tiles"]).reset_index()
    add_skipped(table, "tune", reasons)
    regressors = age_and_sex(cohort, known.index, columns)
    return Tuned(target, goal.name, table, models, regressors)


def _on_device(encoder: Embedder, device: str) -> Embedder:
    """Return the encoder on its device: a copy, because the user's own stays where it is."""
    if device not in ("auto", "cpu", "cuda"):
        raise SettingError(f"tune: device is {device!r}; expected auto, cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingError("tune: torch finds no GPU here; use device='auto' or 'cpu'")
    if not isinstance(encoder, Encoder):
        return encoder
    place = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
    return Encoder(copy.deepcopy(encoder.module).to(place), encoder.metadata, encoder.history)

"""Tune an encoder to another target: a small head on its features, frozen or trained along."""

import copy
from collections.abc import Sequence

import pandas as pd
import torch

from skinage.cohort.label_seen import refuse_seen
from skinage.embedding.embed import Embedder
from skinage.encoders.encoder import Encoder
from skinage.errors import StageError
from skinage.people.pool import features_of
from skinage.transfer.end_to_end import EPOCHS, TilePixels, tune_end_to_end
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
    frozen: bool = True,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "auto",
) -> Tuned:
    """Teach an encoder another target of the cohort by a small head, and predict out of fold.

    A person's prediction is the linear head's output averaged over their tiles. Features and
    numbers are standardised, and the head's L2 penalty is chosen, by the training people of each
    fold alone. People without a target, tiles or a fold are left out with a warning.

    Parameters
    ----------
    tiles
        The tile table; tiles of slides that the cohort lacks are left out.
    cohort
        A row per slide; a person's rows must agree on the target (``first_visits``).
    encoder
        An :class:`Encoder`; frozen, any embedder.
    target
        A column: a number if it has more than two numeric values, else a class; or a pair such as
        ``("follow_up_years", "died")``: a time to event, learnt by Cox's partial likelihood.
    folds
        Fold by ``person_id``, as ``person_folds`` deals them or your own.
    frozen
        If false, a copy of the backbone is trained along in each fold (AdamW), from the frozen
        head on. Pixels then lie in memory up to 2 GiB; more are read anew for every batch.
    epochs
        Of training the backbone (5 if not given); none if frozen.
    seed
        Of the order in which tiles are shown to the backbone; a frozen tuning has no chance in it.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``: where the backbone works.

    Returns
    -------
    Tuned
        ``predictions``, ``score()``, ``apply(tiles)``.

    Raises
    ------
    StageError
        On an unknown, contradictory or constant target, too few people of a class, impossible
        times, too few events, features that are not finite.
    LeakageError
        If a person is in two folds, shares a slide with somebody of another fold, or the encoder
        has seen labels of people to be predicted.
    """
    columns = columns_of(target)
    if frozen and epochs is not None:
        raise StageError("tune: epochs train the backbone; use frozen=False, or leave epochs out")
    if not frozen and not isinstance(encoder, Encoder):
        raise StageError("tune: only an Encoder has a backbone to train; use frozen=True")
    tiles, known = participants(tiles, cohort, columns, folds)
    make_target(known)  # what cannot be learnt is refused before hours of embedding
    refuse_seen(encoder.metadata, [*known.index], "tune")
    encoder = _at_device(encoder, device)
    people = mean_features(tiles, encoder)
    known = known.loc[people.index]  # slides that cannot be read were warned of
    goal = make_target(known)
    features, values = features_of(people), goal.values(known[columns])
    pixels = None
    if not frozen:
        pixels = TilePixels(tiles[tiles["person_id"].isin(known.index)].set_index("person_id"))
    models: dict[object, TunedFold] = {}
    parts = []
    for one in sorted(known["fold"].unique()):
        held_out = (known["fold"] == one).to_numpy()
        within = goal.within(values[~held_out])
        head = fit_head(features[~held_out], values[~held_out], within)
        model, of_test = TunedFold(encoder, head, within), features[held_out]
        if pixels is not None and isinstance(encoder, Encoder):
            pair = tune_end_to_end(
                encoder, head, pixels, known[~held_out], within, epochs or EPOCHS, seed
            )
            model = TunedFold(*pair, within)
            test_tiles = tiles[tiles["person_id"].isin(known.index[held_out])]
            of_test = features_of(mean_features(test_tiles, model.encoder))
        models[one] = model
        parts.append(model.predict(of_test).set_index(known.index[held_out]))
    predicted = pd.concat(parts).reindex(known.index)
    table = known.join(predicted).assign(n_tiles=people["n_tiles"])
    return Tuned(target, goal.kind, table.reset_index(), models)


def _at_device(encoder: Embedder, device: str) -> Embedder:
    if device not in ("auto", "cpu", "cuda"):
        raise StageError(f"device: found {device!r}; expected auto, cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise StageError("device: torch finds no GPU here; use device='auto' or 'cpu'")
    if not isinstance(encoder, Encoder):
        return encoder
    place = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
    return Encoder(copy.deepcopy(encoder.module).to(place), encoder.metadata, encoder.history)

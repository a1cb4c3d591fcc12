"""Training of an encoder on tiles; it can be stopped and goes on after its last epoch."""

import copy
import shutil
import warnings
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightly.utils import dist
from safetensors.torch import save_file

from skinage.cohort.label_seen import person_mark
from skinage.contrastive.methods.method import Method
from skinage.contrastive.pairs.pairs import pairs_named
from skinage.contrastive.training.labels import Labelled, label_tiles
from skinage.contrastive.training.probe import Probe
from skinage.contrastive.training.progress import Progress
from skinage.contrastive.training.stream import TileStream
from skinage.contrastive.training.trainer import fit, make_trainer, share_statistics
from skinage.contrastive.views.choice import views_named
from skinage.encoders.encoder import Encoder, load_encoder, settle_batch_norm
from skinage.encoders.untrained import starting_point
from skinage.skip_log import add_skipped
from skinage.storage import recipe_hash, stored, storing, table_hash

BEST = "best.safetensors"
SETTLING_BATCHES = 20


def train(
    tiles: pd.DataFrame,
    cohort: pd.DataFrame | None = None,
    held_out: Iterable[str] | None = None,
    *,
    method: str | Method = "vicreg",
    epochs: int = 12,
    seed: int = 0,
    device: str = "auto",
    out: str | Path | None = None,
) -> Encoder:
    """Train an encoder on tiles, so that similar tissue gets similar features.

    Parameters
    ----------
    tiles
        The tile table.
    cohort
        The cohort table. Its ages and scanners are only looked at, after every epoch, unless the
        method or its pairs use them.
    held_out
        People whose tiles training does not see, such as those of one fold. A method that sees ages
        needs them: its encoder is marked with everybody else, and to predict their ages with it
        raises `LeakageError`.
    method
        The name of a method, or a `Method` with its backbone, pairs, views and batch size.
    epochs
        Passes over all tiles.
    seed
        Fixes weights, order and views.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    out
        Folder for the encoder. A finished one made by the same settings is loaded instead; a
        stopped training goes on after its last whole epoch.

    Returns
    -------
    Encoder
        In evaluation mode on the CPU; loss, spread and, where known, age and scanner probes per
        epoch in ``history``. Slides that could not be read are in `skinage.skipped`. The folder
        also holds the weights of the epoch of least loss, ``best.safetensors``: the least loss, not
        the best age, for that would see ages.

    Raises
    ------
    SettingError
        If the method, its pairs, its views or an argument of its trainer is unknown.
    StageError
        If there are fewer tiles than a batch or one person only, if the loss is not finite, or if
        memory runs out (the message names a smaller batch size).
    """
    method = Method(method) if isinstance(method, str) else method
    needs_ages, columns = method.module_class.sees_ages, pairs_named(method.pairs).columns
    labelled = label_tiles(tiles, cohort, held_out, needs_ages=needs_ages, columns=columns)
    recipe = method.describe() | {
        "tiles": table_hash(labelled.training), "epochs": epochs, "seed": seed,
    }  # fmt: skip
    if out is None:
        return _train(labelled, method, recipe, None, device=device)
    out = Path(out)
    if stored(out, recipe):
        return load_encoder(out)
    work = out.parent / ".made" / f"{out.name}-{recipe_hash(recipe)[:12]}"
    encoder = _train(labelled, method, recipe, work, device=device)
    if dist.rank() > 0:
        return encoder  # the first process writes
    with storing(out, recipe) as partial:
        encoder.save(partial)
        shutil.copy(work / "last.ckpt", partial)
        if (log := work / "log" / "metrics.csv").is_file():  # not by a logger of the user
            shutil.copy(log, partial / "log.csv")
        save_file(_weights_of(work / "best.ckpt"), partial / BEST)
    shutil.rmtree(work)
    return encoder


def _train(
    labelled: Labelled, method: Method, recipe: dict[str, Any], folder: Path | None, *, device: str
) -> Encoder:
    seed = recipe["seed"]
    start = starting_point(labelled.training, method.backbone, seed=seed)
    pairs = pairs_named(method.pairs)
    stream = TileStream(labelled.training, method.batch_size, seed=seed, pairs=pairs)
    if stream.sampler.n_alone:
        warnings.warn(
            f"training: {stream.sampler.n_alone} of {len(stream.tiles)} tiles have no partner by "
            f"{pairs.rule!r} and are paired with themselves.",
            stacklevel=3,
        )
    progress = Progress(Probe(labelled.all_tiles, labelled.is_held_out, seed=seed))
    trainer_kws = method.trainer_kws or {}
    trainer = make_trainer(progress, recipe["epochs"], trainer_kws, folder, device=device)
    n_pairs = method.batch_size * trainer.accumulate_grad_batches * trainer.world_size
    # The seed decides heads and dropout; the caller's own random numbers stay as they are.
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        views = views_named(method.views)
        training = method.module_class(start.module, start.metadata, views, n_pairs, seed=seed)
        training.recipe = recipe_hash(recipe)
        module = copy.deepcopy(start.module)  # keeps the norm layers of one process
        share_statistics(trainer, training)
        fit(trainer, training, stream, folder)
    module.load_state_dict(start.module.state_dict())
    encoder = Encoder(module.cpu().eval(), _metadata(start, labelled, recipe), training.history)
    skipped = {f"slide {slide}": reason for slide, reason in stream.failures.items()}
    add_skipped(encoder, "train", skipped | labelled.skipped)
    if skipped:
        warnings.warn(
            f"training: {len(skipped)} slide(s) could not be read; see skinage.skipped.",
            stacklevel=3,
        )
    stream.epoch = 0
    settle_batch_norm(encoder, (batch.first for batch in islice(stream, SETTLING_BATCHES)))
    return encoder


def _metadata(start: Encoder, labelled: Labelled, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return what is written down about the trained encoder."""
    metadata = start.metadata | {
        "method": recipe["method"], "epochs": recipe["epochs"], "recipe": recipe,
        "hash": recipe_hash(recipe),
    }  # fmt: skip
    if labelled.ages_seen_of:
        seen = start.metadata.get("labels_seen", {}).get("people", [])
        marks = sorted({*seen, *map(person_mark, labelled.ages_seen_of)})
        metadata["labels_seen"] = {"target": "age_years", "people": marks}
    return metadata


def _weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["state_dict"]
    start = "backbone."
    return {
        name.removeprefix(start): value.contiguous()
        for name, value in state.items()
        if name.startswith(start)
    }

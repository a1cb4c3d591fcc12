"""Train an encoder on tiles: stop it, start it again, watch it learn."""

import copy
import shutil
import warnings
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from lightly.utils import dist
from safetensors.torch import save_file

from skinage.cohort.label_seen import person_mark
from skinage.contrastive.methods.age import RankNContrast, YAware
from skinage.contrastive.methods.method import BarlowTwins, Method, SimCLR, VICReg
from skinage.contrastive.methods.momentum import BYOL, DINO, MoCo
from skinage.contrastive.pairs.pairs import Pairs
from skinage.contrastive.training.labels import Labelled, label_tiles
from skinage.contrastive.training.probe import Probe
from skinage.contrastive.training.progress import LiveCurve
from skinage.contrastive.training.stream import TileStream
from skinage.contrastive.training.trainer import fit, make_trainer, share_statistics
from skinage.contrastive.views.choice import views_named
from skinage.encoders.encoder import Encoder, load_encoder, settle_batch_norm
from skinage.encoders.untrained import starting_point
from skinage.errors import StageError
from skinage.storage import recipe_hash, stored, storing, table_hash

METHODS: dict[str, type[Method]] = {
    "simclr": SimCLR, "moco": MoCo, "byol": BYOL, "barlow_twins": BarlowTwins, "vicreg": VICReg,
    "dino": DINO, "y_aware": YAware, "rank_n_contrast": RankNContrast,
}  # fmt: skip
BEST = "best.safetensors"
SETTLING_BATCHES = 20


def train(
    tiles: pd.DataFrame,
    cohort: pd.DataFrame | None = None,
    held_out: Iterable[str] | None = None,
    *,
    method: str = "vicreg",
    pairs: str | Pairs = "augment",
    views: Any = "histology",
    backbone: str | Encoder = "test_resnet",
    epochs: int = 12,
    batch_size: int = 128,
    seed: int = 0,
    device: str = "auto",
    trainer_kws: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
) -> Encoder:
    """Train an encoder on tiles, so that alike tissue gets alike features.

    Parameters
    ----------
    tiles
        The tile table.
    cohort
        The cohort table. Its ages and scanners are only looked at, after every epoch, unless
        `method` or `pairs` draws on them.
    held_out
        People whose tiles training does not see, such as those of one fold. A method that sees ages
        needs them: its encoder is marked with everybody else, and to predict their ages with it
        raises `LeakageError`.
    method
        ``"vicreg"`` (best in benchmarks/README.md, closely followed by), ``"simclr"``, ``"byol"``,
        ``"moco"``, ``"barlow_twins"``, ``"dino"``; or, with ages, ``"y_aware"``,
        ``"rank_n_contrast"``.
    pairs
        What makes a pair: a kind, or `Pairs` with its reach, balance and more.
    views
        ``"histology"``, ``"simclr"``, ``"none"``, or `HistologyViews` with other strengths.
    backbone
        Any timm model, ``"hf-hub:..."``, or an `Encoder` to go on from. The default, the smallest
        ResNet of timm (0.4 million weights), learns the phantom within minutes on two cores;
        ``resnet18`` or larger needs a GPU or patience.
    epochs
        Passes over all tiles.
    batch_size
        Pairs in a batch, per device.
    seed
        Fixes weights, order and views.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    trainer_kws
        Arguments of Lightning's Trainer, such as ``{"devices": 4, "num_nodes": 2, "strategy":
        "ddp"}``, ``accumulate_grad_batches``, ``precision`` or ``logger`` (with `out`, a CSV log by
        default).
    out
        Folder for the encoder. A finished one made by the same settings is loaded instead, a
        stopped training goes on after its last whole epoch.

    Returns
    -------
    Encoder
        In evaluation mode on the CPU; loss, spread and, where known, age and scanner probes per
        epoch in ``history``. The folder also holds the weights of the epoch of least loss,
        ``best.safetensors``: the least loss, not the best age, for that would see ages.

    Raises
    ------
    StageError
        On an unknown method, kind of pair, view or backbone, fewer tiles than a batch, one person
        only, a loss that is no number, or memory that runs out (with a batch size that fits).
    """
    if method not in METHODS:
        raise StageError(f"method: found {method!r}; expected one of {', '.join(METHODS)}.")
    pairs, made_views = Pairs(pairs) if isinstance(pairs, str) else pairs, views_named(views)
    labelled = label_tiles(
        tiles, cohort, held_out, needs_ages=METHODS[method].sees_ages, columns=pairs.columns
    )
    recipe = {
        "tiles": table_hash(labelled.training), "method": method, "pairs": vars(pairs),
        "views": made_views.describe(), "epochs": epochs, "batch_size": batch_size, "seed": seed,
        "backbone": backbone if isinstance(backbone, str) else backbone.metadata["hash"],
        "trainer": _in_words(trainer_kws or {}),
    }  # fmt: skip
    job = _Job(labelled, backbone, pairs, made_views, recipe, device, trainer_kws or {})
    if out is None:
        return _train(job, None)
    out = Path(out)
    if stored(out, recipe):
        return load_encoder(out)
    work = out.parent / ".made" / f"{out.name}-{recipe_hash(recipe)[:12]}"
    encoder = _train(job, work)
    if dist.rank() > 0:
        return encoder  # the first process writes
    with storing(out, recipe) as partial:
        encoder.save(partial)
        for name in ("last.ckpt", "log.csv"):
            if (work / name).is_file():
                shutil.copy(work / name, partial / name)
        save_file(_weights_of(work / "best.ckpt"), partial / BEST)
    shutil.rmtree(work)
    return encoder


class _Job(NamedTuple):
    """What `train` was asked for, checked."""

    labelled: Labelled
    backbone: str | Encoder
    pairs: Pairs
    views: Any
    recipe: dict[str, Any]
    device: str
    trainer_kws: Mapping[str, Any]


def _train(job: _Job, folder: Path | None) -> Encoder:
    recipe, seed = job.recipe, job.recipe["seed"]
    tiles = job.labelled.training
    start = starting_point(tiles, job.backbone, seed)
    stream = TileStream(tiles, recipe["batch_size"], seed, job.pairs)
    _warn_of_lone_tiles(stream)
    curve = LiveCurve(Probe(job.labelled.all_tiles, job.labelled.is_held_out, seed))
    trainer = make_trainer(curve, recipe["epochs"], job.device, job.trainer_kws, folder)
    n_pairs = recipe["batch_size"] * trainer.accumulate_grad_batches * trainer.world_size
    # Heads and dropout come of the seed, and the caller's own random numbers stay as they are.
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        method = METHODS[recipe["method"]](start.module, start.metadata, job.views, n_pairs, seed)
        method.recipe = recipe_hash(recipe)
        module = copy.deepcopy(start.module)  # with the norm layers that it shall have afterwards
        share_statistics(trainer, method)
        fit(trainer, method, stream, folder)
    _warn_of_failures(stream)
    metadata = start.metadata | {
        "method": recipe["method"], "epochs": recipe["epochs"], "recipe": recipe,
        "hash": recipe_hash(recipe),
    }  # fmt: skip
    if job.labelled.ages_seen_of:
        seen = start.metadata.get("labels_seen", {}).get("people", [])
        marks = sorted({*seen, *map(person_mark, job.labelled.ages_seen_of)})
        metadata["labels_seen"] = {"target": "age_years", "people": marks}
    module.load_state_dict(start.module.state_dict())
    encoder = Encoder(module.cpu().eval(), metadata, curve.history)
    stream.epoch = 0
    settle_batch_norm(encoder, (batch.first for batch in islice(stream, SETTLING_BATCHES)))
    return encoder


def _in_words(trainer_kws: Mapping[str, Any]) -> dict[str, str]:
    """Say what Lightning was asked for; loggers and callbacks change nothing in the encoder."""
    return {
        name: str(value) if isinstance(value, str | int | float | list) else type(value).__name__
        for name, value in trainer_kws.items()
        if name not in ("logger", "callbacks")
    }


def _weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["state_dict"]
    start = "backbone."
    return {
        name.removeprefix(start): value.contiguous()
        for name, value in state.items()
        if name.startswith(start)
    }


def _warn_of_lone_tiles(stream: TileStream) -> None:
    alone, kind = stream.sampler.n_alone, stream.sampler.pairs.kind
    if alone and kind != "augment":
        warnings.warn(
            f"training: {alone} of {len(stream.tiles)} tiles have no partner of kind {kind!r} and "
            "are paired with themselves.",
            stacklevel=4,
        )


def _warn_of_failures(stream: TileStream) -> None:
    if stream.failures:
        listed = "; ".join(f"{slide}: {reason}" for slide, reason in stream.failures.items())
        warnings.warn(
            f"training went on without {len(stream.failures)} slide(s): {listed}", stacklevel=4
        )

"""A contrastive method with its parts: what `train` is asked to do."""

import inspect
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches
from typing import Any

from pytorch_lightning import Trainer

from skinage.contrastive.methods.age import RankNContrast, YAware
from skinage.contrastive.methods.module import BarlowTwins, ContrastiveModule, SimCLR, VICReg
from skinage.contrastive.methods.momentum import BYOL, DINO, MoCo
from skinage.contrastive.pairs.pairs import Pairs, pairs_named
from skinage.contrastive.views.choice import views_named
from skinage.contrastive.views.protocol import Views
from skinage.encoders.encoder import Encoder
from skinage.errors import SettingError

METHODS: dict[str, type[ContrastiveModule]] = {
    "simclr": SimCLR, "moco": MoCo, "byol": BYOL, "barlow_twins": BarlowTwins, "vicreg": VICReg,
    "dino": DINO, "y_aware": YAware, "rank_n_contrast": RankNContrast,
}  # fmt: skip

# Arguments of Lightning's Trainer that the training sets by itself.
OWN_ARGUMENTS = {"max_epochs", "enable_checkpointing", "enable_progress_bar", "default_root_dir",
                 "enable_model_summary", "use_distributed_sampler", "sync_batchnorm"}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """A contrastive method with its parts; a name alone in `train` means all defaults.

    Parameters
    ----------
    name
        A method that sees no ages: ``"vicreg"`` (best in benchmarks/README.md, closely followed
        by), ``"simclr"``, ``"byol"``, ``"moco"``, ``"barlow_twins"``, ``"dino"``; or one that sees
        ages: ``"y_aware"``, ``"rank_n_contrast"``.
    backbone
        A timm model, ``"hf-hub:org/model"``, ``"local-dir:FOLDER"``, or an `Encoder` to go on
        from. The default, the smallest ResNet of timm (0.4 million weights), learns the phantom
        within minutes on two cores; ``"resnet18"`` or larger needs a GPU or patience.
    pairs
        The rule by which two tiles form a positive pair: ``"augment"``, ``"neighbour"``,
        ``"scale"``, ``"slide"`` or ``"person"``, or `Pairs` with its reach and balance.
    views
        What may change between two views of a pair: ``"histology"``, ``"none"``, `HistologyViews`
        with other strengths, or any object with the methods of
        `skinage.contrastive.views.protocol.Views`.
    batch_size
        Pairs in a batch, per device.
    trainer_kws
        Arguments of Lightning's Trainer, such as ``{"devices": 4, "num_nodes": 2, "strategy":
        "ddp"}``, ``accumulate_grad_batches``, ``precision``, ``logger`` or ``callbacks``.

    Raises
    ------
    SettingError
        If a name, a batch size below 2 or an argument of the Trainer cannot be used.
    """

    name: str
    _: KW_ONLY
    backbone: str | Encoder = "test_resnet"
    pairs: str | Pairs = "augment"
    views: str | Views = "histology"
    batch_size: int = 128
    trainer_kws: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be used before any work begins."""
        if self.name not in METHODS:
            raise SettingError(
                f"method: found {self.name!r}; expected one of {', '.join(METHODS)}."
            )
        if self.batch_size < 2:
            raise SettingError(f"batch_size: found {self.batch_size}; expected 2 pairs or more.")
        self.describe()
        known = set(inspect.signature(Trainer).parameters) - OWN_ARGUMENTS
        for argument in self.trainer_kws or {}:
            if argument not in known:
                near = ", ".join(get_close_matches(argument, known)) or "see Lightning's Trainer"
                own = argument in OWN_ARGUMENTS
                why = "is set by train itself" if own else f"is unknown; {near}"
                raise SettingError(f"trainer_kws: {argument!r} {why}.")

    @property
    def module_class(self) -> type[ContrastiveModule]:
        """The LightningModule of this name."""
        return METHODS[self.name]

    def describe(self) -> dict[str, Any]:
        """Return all settings that decide the trained weights, for the recipe of a training.

        Returns
        -------
        dict
            ``method``, ``backbone`` (the hash of an encoder), ``pairs``, ``views``, ``batch_size``
            and ``trainer``, as JSON-able values.
        """
        backbone = self.backbone
        plain = str | int | float | list
        return {
            "method": self.name,
            "backbone": backbone if isinstance(backbone, str) else backbone.metadata["hash"],
            "pairs": vars(pairs_named(self.pairs)),
            "views": views_named(self.views).describe(),
            "batch_size": self.batch_size,
            "trainer": {
                name: str(value) if isinstance(value, plain) else type(value).__name__
                for name, value in (self.trainer_kws or {}).items()
                if name not in ("logger", "callbacks")  # they change nothing in the encoder
            },
        }

"""One progress bar while an encoder trains, and the history of its epochs."""

from typing import Any, cast

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from tqdm.auto import tqdm

from skinage.contrastive.methods.module import ContrastiveModule
from skinage.contrastive.training.probe import Probe


class Progress(Callback):
    """Shows one progress bar over all steps and writes the history of the module.

    After every epoch the first process adds a row to ``module.history``: ``epoch``, ``loss`` and
    what the probe measured. Callbacks that come later read it there.

    Parameters
    ----------
    probe
        Measures the features after every epoch.
    """

    _bar: tqdm

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    def on_train_start(self, trainer: Trainer, _module: LightningModule) -> None:
        """Open the bar where the training stands."""
        per_epoch = int(trainer.num_training_batches)
        self._bar = tqdm(
            total=per_epoch * (trainer.max_epochs or 1),
            initial=per_epoch * trainer.current_epoch,
            desc="training",
            unit="batch",
            disable=not trainer.is_global_zero,
        )

    def on_train_batch_end(self, _trainer: Trainer, *_: Any) -> None:
        """Move the bar."""
        self._bar.update()

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Write down the loss of the epoch and what its features are like."""
        if not trainer.is_global_zero:
            return
        training = cast(ContrastiveModule, module)
        loss, epoch = float(trainer.callback_metrics["loss"]), module.current_epoch + 1
        found = self.probe.measure(training.backbone, training.metadata)
        training.history.append({"epoch": epoch, "loss": loss} | found)
        for logger in trainer.loggers:
            logger.log_metrics(found, step=trainer.global_step)
        shown = {name: f"{value:.3f}" for name, value in {"loss": loss, **found}.items()}
        self._bar.set_postfix(epoch=epoch, **shown)

    def on_train_end(self, *_: Any) -> None:
        """Close the bar."""
        self._bar.close()

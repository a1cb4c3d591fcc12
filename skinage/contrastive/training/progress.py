"""One progress bar and live curves while an encoder trains."""

from typing import Any, cast

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from torch import nn
from tqdm.auto import tqdm

from skinage.contrastive.training.probe import Probe


class LiveCurve(Callback):
    """Shows one progress bar over all steps and, in a notebook, the curves as they grow.

    Parameters
    ----------
    probe
        Looks at the features after every epoch.

    Attributes
    ----------
    history
        A dict per finished epoch: ``epoch``, ``loss`` and what the probe measured. It travels in
        the checkpoint, so that a resumed run shows the whole curve.
    """

    def __init__(self, probe: Probe) -> None:
        self.probe, self.history = probe, list[dict[str, float]]()
        self._bar: tqdm | None = None
        self._display: Any = None

    def on_train_start(self, trainer: Trainer, _module: LightningModule) -> None:
        """Open the bar where the training stands."""
        if trainer.is_global_zero:
            per_epoch = int(trainer.num_training_batches)
            self._bar = tqdm(
                total=per_epoch * (trainer.max_epochs or 1),
                initial=per_epoch * trainer.current_epoch,
                desc="training",
                unit="batch",
            )

    def on_train_batch_end(self, _trainer: Trainer, *_: Any) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Keep the epoch's loss, look at the features and redraw the curves."""
        loss, epoch = float(trainer.callback_metrics["loss"]), module.current_epoch + 1
        if self._bar is None:
            return
        found = self.probe.measure(cast(nn.Module, module.backbone), cast(dict, module.metadata))
        self.history.append({"epoch": epoch, "loss": loss} | found)
        for logger in trainer.loggers:
            logger.log_metrics(found, step=trainer.global_step)
        shown = {name: f"{value:.3f}" for name, value in {"loss": loss, **found}.items()}
        self._bar.set_postfix(epoch=epoch, **shown)
        self._draw()

    def on_train_end(self, *_: Any) -> None:
        """Close the bar and take the curves away: the encoder brings its history."""
        if self._bar is not None:
            self._bar.close()
        if self._display is not None:
            from IPython.display import HTML

            self._display.update(HTML(""))

    def state_dict(self) -> dict[str, Any]:
        """Give the history to the checkpoint."""
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the history back from a checkpoint."""
        self.history = state_dict["history"]

    def _draw(self) -> None:
        if not _in_notebook():
            return
        import matplotlib.pyplot as plt
        import pandas as pd
        from IPython.display import display

        from skinage.figures.contrastive import training_curves

        figure = training_curves(pd.DataFrame(self.history))
        if self._display is None:
            self._display = display(figure, display_id=True)
        else:
            self._display.update(figure)
        plt.close(figure)


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None

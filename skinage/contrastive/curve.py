"""One progress bar and a live loss curve while an encoder trains."""

from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from tqdm.auto import tqdm


class LiveCurve(Callback):
    """Shows one progress bar over all steps and, in a notebook, the loss curve as it grows.

    Attributes
    ----------
    history
        A dict per finished epoch: ``epoch`` and ``loss``. It travels in the checkpoint, so that
        a resumed run shows the whole curve.
    """

    def __init__(self) -> None:
        self.history: list[dict[str, float]] = []
        self._bar: tqdm | None = None
        self._display: Any = None

    def on_train_start(self, trainer: Trainer, _module: LightningModule) -> None:
        """Open the bar where the training stands."""
        total = int(trainer.estimated_stepping_batches)
        self._bar = tqdm(total=total, initial=trainer.global_step, desc="training", unit="batch")

    def on_train_batch_end(self, _trainer: Trainer, *_: Any) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Keep the epoch's loss and redraw the curve."""
        loss = float(trainer.callback_metrics["loss"])
        self.history.append({"epoch": module.current_epoch + 1, "loss": loss})
        if self._bar is not None:
            self._bar.set_postfix(epoch=module.current_epoch + 1, loss=f"{loss:.3f}")
        self._draw()

    def on_train_end(self, *_: Any) -> None:
        """Close the bar and take the curve away: the encoder brings its history."""
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

        from skinage.figures.training import loss_curve

        figure, ax = plt.subplots(figsize=(4.5, 2.8), layout="constrained")
        loss_curve(pd.DataFrame(self.history), ax=ax)
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

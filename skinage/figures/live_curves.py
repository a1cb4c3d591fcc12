"""Curves of a training that grow in a notebook."""

from typing import Any, cast

import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import HTML, display
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback

from skinage.figures.contrastive import training_curves


class LiveCurves(Callback):
    """Redraw the training curves after every epoch, in the output of the notebook's cell.

    Outside a notebook it draws nothing. Pass it to the trainer of Lightning:
    ``trainer_kws={"callbacks": [LiveCurves()]}``. It reads ``history`` of the module that trains: a
    dict per finished epoch, as `training_curves` takes it.
    """

    def __init__(self) -> None:
        self._shown: Any = None

    def on_train_epoch_end(self, _trainer: Trainer, module: LightningModule) -> None:
        """Redraw the curves with the epoch that has ended."""
        history = cast(list[dict[str, float]], module.history)
        if not history or getattr(get_ipython(), "kernel", None) is None:
            return
        figure = training_curves(pd.DataFrame(history))
        if self._shown is None:
            self._shown = display(figure, display_id=True)
        else:
            self._shown.update(figure)
        plt.close(figure)

    def on_train_end(self, _trainer: Trainer, _module: LightningModule) -> None:
        """Take the curves away: the encoder keeps the history."""
        if self._shown is not None:
            self._shown.update(HTML(""))

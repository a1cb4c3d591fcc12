from types import SimpleNamespace

import pytest

from skinage.figures import LiveCurves, live_curves

HISTORY = [{"epoch": 1, "loss": 5.0}, {"epoch": 2, "loss": 4.0}]


@pytest.fixture
def shown(monkeypatch):
    """A notebook that keeps what is displayed."""
    shown = []
    handle = SimpleNamespace(update=shown.append)
    monkeypatch.setattr(live_curves, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(
        live_curves, "display", lambda figure, display_id: shown.append(figure) or handle
    )
    return shown


def test_the_curves_grow_in_one_output_and_go_at_the_end(shown):
    curves = LiveCurves()
    for n_epochs in (1, 2):
        curves.on_train_epoch_end(None, SimpleNamespace(history=HISTORY[:n_epochs]))
    losses = [figure.axes[0].lines[0].get_ydata().tolist() for figure in shown]
    assert losses == [[5], [5, 4]]
    curves.on_train_end(None, None)
    assert shown[-1].data == ""


def test_without_a_history_or_a_notebook_nothing_is_drawn(shown, monkeypatch):
    curves = LiveCurves()
    curves.on_train_epoch_end(None, SimpleNamespace(history=[]))
    monkeypatch.setattr(live_curves, "get_ipython", lambda: None)
    curves.on_train_epoch_end(None, SimpleNamespace(history=HISTORY))
    curves.on_train_end(None, None)
    assert shown == []

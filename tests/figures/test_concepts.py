import pandas as pd
from matplotlib.colors import to_rgba

from skinage import figures
from skinage.figures import style


def test_concepts_stand_above_controls_the_oldest_first_and_full_where_found():
    table = pd.DataFrame({
        "concept": ["gaps", "scanner A", "elastosis_um"], "kind": ["concept", "control", "concept"],
        "years_per_sd": [-0.5, 0.2, 1.4], "random_sd_years": [0.4, 0.5, 0.3],
        "q_value": [0.3, 0.6, 0.01],
    })  # fmt: skip
    ax = figures.concept_effects(table)
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["elastosis (µm)", "gaps", "scanner A"]
    assert ax.yaxis_inverted()
    dots = {
        tuple(dot.get_offsets().data[0].tolist()): dot.get_facecolor()[0].tolist()
        for dot in ax.collections
    }
    white, blue = [1, 1, 1, 1], [*to_rgba(style.BLUE)]
    assert dots == {(1.4, 0): blue, (-0.5, 1): white, (0.2, 2): white}
    assert [round(bar.get_width() / 2 / 1.96, 6) for bar in ax.patches] == [0.3, 0.4, 0.5]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(labels) == {
        "95 % of random concepts", "concept, q < 0.05", "concept, q ≥ 0.05", "control, q ≥ 0.05",
    }  # fmt: skip

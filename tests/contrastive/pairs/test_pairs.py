from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from skinage import SettingError, StageError
from skinage.contrastive.pairs.balance import balanced_weights
from skinage.contrastive.pairs.pairs import RULES, Pairs, PairSampler

SIDE_UM = 100.0


def table(n_people=6, slides_each=2, tiles_each=12, seed=0, scales=(1.0,)):
    """Tiles of 100 px at random places of 2 x 2 mm, level 0 at 0.5 um/px."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(n_people):
        for slide in range(slides_each):
            for centre in range(tiles_each):
                x, y = random.uniform(400, 3600, 2)
                for mpp in scales:
                    extent = int(2 * SIDE_UM * mpp)
                    rows.append({
                        "slide_id": f"P{person}_S{slide}", "person_id": f"P{person}",
                        "x": int(x - extent / 2), "y": int(y - extent / 2), "extent_px": extent,
                        "tile_px": 100, "mpp": mpp, "centre_id": f"P{person}_S{slide}_{centre}",
                        "scanner": "A" if person % 3 else "B",
                    })  # fmt: skip
    return pd.DataFrame(rows)


def drawn(tiles, pairs, batch_size, n_batches=20, seed=0):
    sampler = PairSampler(tiles, pairs, batch_size)
    return sampler.batches(np.arange(len(tiles)), n_batches, np.random.default_rng(seed))


def centres_um(tiles):
    return (tiles[["x", "y"]].to_numpy() + tiles[["extent_px"]].to_numpy() / 2) * 0.5


def belongs_together(tiles, rule, within_um):
    """The rules in the words of `Pairs`, for all pairs of tiles: (n, n)."""
    gap = np.abs(centres_um(tiles)[:, None] - centres_um(tiles)[None])
    slide, person, mpp = (tiles[name].to_numpy() for name in ("slide_id", "person_id", "mpp"))
    same_slide = slide[:, None] == slide[None]
    touching = (mpp[:, None] + mpp[None]) * SIDE_UM / 2 - 1e-6
    overlap = same_slide & (gap.max(2) < touching)
    return {
        "augment": overlap, "scale": overlap, "slide": same_slide,
        "neighbour": overlap | (same_slide & (np.hypot(gap[..., 0], gap[..., 1]) <= within_um)),
        "person": person[:, None] == person[None],
    }[rule]  # fmt: skip


BATCH = {"augment": 16, "neighbour": 16, "scale": 16, "slide": 12, "person": 6}


@pytest.mark.parametrize("rule", RULES)
def test_partners_follow_their_rule_and_no_batch_has_false_negatives(rule):
    tiles = table(scales=(1.0, 2.0) if rule == "scale" else (1.0,))
    pairs = Pairs(rule, within_um=400)
    batches = drawn(tiles, pairs, BATCH[rule])
    assert len(batches) == 20
    together, n_others = belongs_together(tiles, rule, 400), 0
    for anchors, others in batches:
        assert len(anchors) == BATCH[rule]
        rows = np.concatenate([anchors, others])
        number = np.tile(np.arange(len(anchors)), 2)
        assert not (together[np.ix_(rows, rows)] & (number[:, None] != number[None])).any()
        for a, b in zip(anchors, others, strict=True):
            if rule == "augment":
                assert a == b
                continue
            n_others += a != b
            one, other = tiles.iloc[a], tiles.iloc[b]
            if rule == "neighbour":
                gap = centres_um(tiles)[a] - centres_um(tiles)[b]
                assert one["slide_id"] == other["slide_id"]
                assert np.hypot(*gap) <= 400 + 1e-6
            elif rule == "scale":
                assert one["centre_id"] == other["centre_id"]
                assert one["mpp"] != other["mpp"]
            elif rule == "slide":
                assert one["slide_id"] == other["slide_id"]
            else:
                assert one["person_id"] == other["person_id"]
                assert one["slide_id"] != other["slide_id"]
    if rule != "augment":
        assert n_others > 0.8 * 20 * BATCH[rule]


def test_every_tile_is_an_anchor_once_before_any_is_one_twice():
    tiles = table(tiles_each=4)
    anchors = np.concatenate([a for a, _ in drawn(tiles, Pairs(), 12, n_batches=4)])
    assert sorted(anchors) == [*range(48)]


def test_every_partner_in_reach_is_drawn_about_equally_often():
    tiles = table(n_people=2, slides_each=2, tiles_each=5)
    sampler = PairSampler(tiles, Pairs("person"), 2)
    random = np.random.default_rng(0)
    rows = np.zeros(5000, int)
    counts = np.bincount(sampler.partners.draw(rows, random), minlength=len(tiles))
    assert set(np.flatnonzero(counts)) == {5, 6, 7, 8, 9}  # the other slide of the person
    assert counts[5:10].min() > 900
    slide = np.bincount(
        PairSampler(tiles, Pairs("slide"), 2).partners.draw(rows, random), minlength=len(tiles)
    )
    assert set(np.flatnonzero(slide)) == {1, 2, 3, 4}
    assert slide[1:5].min() > 1100


def test_a_tile_without_a_partner_is_its_own_and_is_counted():
    tiles = table(n_people=4, slides_each=1)
    tiles = pd.concat([tiles, table(n_people=1, slides_each=2).assign(person_id="P9")])
    sampler = PairSampler(tiles.reset_index(drop=True), Pairs("person"), 4)
    assert sampler.n_alone == 48
    anchors, others = sampler.batches(np.arange(48), 1, np.random.default_rng(0))[0]
    assert np.array_equal(anchors, others)


def test_balance_draws_every_value_equally_often_and_no_tile_twice_in_a_batch():
    tiles = table(n_people=9)
    few = tiles[(tiles["person_id"] != "P0") | (tiles["x"] < 1500)].reset_index(drop=True)
    batches = drawn(few, Pairs(balance=("person_id", "scanner")), 16, n_batches=300)
    anchors = few.iloc[np.concatenate([a for a, _ in batches])]
    scanner = anchors["scanner"].value_counts(normalize=True)
    assert scanner["B"] == pytest.approx(0.5, abs=0.03)  # 3 of 9 people
    of_b = anchors[anchors["scanner"] == "B"]["person_id"].value_counts(normalize=True)
    assert of_b.min() > 0.25
    assert all(len({*a}) == 16 for a, _ in batches)


def test_raking_makes_every_margin_even():
    tiles = table(n_people=9)
    tiles = tiles.assign(age_years=np.random.default_rng(0).normal(55, 8, len(tiles)).clip(30, 79))
    weights = balanced_weights(tiles, ("scanner", "age_years"))
    for values in (tiles["scanner"], tiles["age_years"] // 10):
        shares = pd.Series(weights).groupby(values.to_numpy()).sum()
        assert shares.to_numpy() == pytest.approx(1 / len(shares), rel=1e-4)


def test_together_makes_batches_of_one_scanner_in_the_right_number():
    tiles = table(n_people=9)
    batches = drawn(tiles, Pairs(together="scanner"), 8, n_batches=27)
    scanners = [set(tiles["scanner"].iloc[a]) for a, _ in batches]
    assert all(len(one) == 1 for one in scanners)
    assert sum(one == {"B"} for one in scanners) == 9
    turns = sum(a != b for a, b in pairwise(scanners))
    assert turns > 4  # mixed, not one scanner after the other


def test_what_cannot_be_drawn_is_said():
    tiles = table()
    with pytest.raises(SettingError, match="found 'patient'; expected one of augment"):
        Pairs("patient")
    with pytest.raises(SettingError, match="within_um is 0; expected micrometres above 0"):
        Pairs("neighbour", within_um=0)
    with pytest.raises(StageError, match="no centre was cut at two fields of view"):
        PairSampler(tiles, Pairs("scale"), 4)
    with pytest.raises(StageError, match=r"nobody has two slides"):
        PairSampler(table(slides_each=1), Pairs("person"), 4)
    with pytest.raises(StageError, match="found 6; take batch_size=6 at most"):
        PairSampler(tiles, Pairs("person"), 7)
    with pytest.raises(StageError, match="no column 'body_site'"):
        PairSampler(tiles, Pairs(balance=("body_site",)), 4)
    with pytest.raises(StageError, match="all tiles have scanner 'A': nothing to draw by"):
        PairSampler(tiles.assign(scanner="A"), Pairs(together="scanner"), 4)
    with pytest.raises(StageError, match=r"take batch_size=\d+ at most"):
        drawn(table(n_people=1, slides_each=1), Pairs("neighbour", within_um=3000), 4)

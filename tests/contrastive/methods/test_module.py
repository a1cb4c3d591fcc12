"""Every loss against an independent slow version, written from the equations with loops."""

import math

import pytest
import torch
from torch import nn

from skinage.contrastive.methods.age import (
    RankNContrast,
    YAware,
    rank_n_contrast_loss,
    y_aware_loss,
)
from skinage.contrastive.methods.method import METHODS
from skinage.contrastive.methods.module import BarlowTwins, SimCLR, VICReg
from skinage.contrastive.methods.momentum import BYOL, DINO, MoCo
from skinage.contrastive.pairs.batch import TileBatch
from skinage.contrastive.views.choice import views_named

METADATA = {"dim": 6, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}


def random_vectors(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


def make(method):
    torch.manual_seed(0)  # the same weights, whatever other tests have drawn
    backbone = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 6))
    return method(backbone, METADATA, views_named("histology"), 8, seed=0)


def nt_xent(first, second, temperature):
    """Chen 2020, equation 1: every view against all others but itself."""
    views, n, total = [*first, *second], len(first), 0.0
    for i, view in enumerate(views):
        similar = [math.exp(cosine(view, other) / temperature) for other in views]
        total -= math.log(similar[(i + n) % (2 * n)] / (sum(similar) - similar[i]))
    return total / (2 * n)


@pytest.mark.parametrize("method", [SimCLR, MoCo])
def test_nt_xent(method):
    a, b = random_vectors(6, 128).chunk(2)
    assert make(method).loss(a, b).item() == pytest.approx(nt_xent(a, b, 0.2), rel=1e-6)


def test_barlow_twins():
    """Zbontar 2021, equation 1, on features standardised over the batch."""
    a, b = random_vectors(16, 5).chunk(2)
    total = 0.0
    for i in range(5):
        for j in range(5):
            x, y = a[:, i] - a[:, i].mean(), b[:, j] - b[:, j].mean()
            c = float((x / x.std(correction=0)) @ (y / y.std(correction=0))) / 8
            total += (1 - c) ** 2 if i == j else 5e-3 * c**2
    assert make(BarlowTwins).loss(a, b).item() == pytest.approx(total, rel=1e-3)


def test_vicreg():
    """Bardes 2022, equations 1 to 6, weights 25, 25, 1."""
    a, b = random_vectors(16, 5).chunk(2)
    invariance = sum(float(((x - y) ** 2).sum()) for x, y in zip(a, b, strict=True)) / 8 / 5
    variance = covariance = 0.0
    for z in (a, b):
        for i in range(5):
            x = z[:, i] - z[:, i].mean()
            variance += max(0.0, 1 - math.sqrt(float(x @ x) / 7 + 1e-4)) / 5 / 2
            for j in range(5):
                y = z[:, j] - z[:, j].mean()
                covariance += (float(x @ y) / 7) ** 2 / 5 * (i != j)
    expected = 25 * invariance + 25 * variance + covariance
    assert make(VICReg).loss(a, b).item() == pytest.approx(expected, rel=1e-4)


def test_byol():
    """Grill 2020, equation 2, up to a constant: the mean negative cosine."""
    a, b = random_vectors(8, 5).chunk(2)
    expected = -sum(cosine(x, y) for x, y in zip(a, b, strict=True)) / 4
    assert make(BYOL).loss(a, b).item() == pytest.approx(expected, rel=1e-6)


def test_dino():
    """Caron 2021, algorithm 1: teacher sharpened at .04, student at .1, other views only."""
    teacher, student = random_vectors(2, 3, 1024), random_vectors(4, 3, 1024, seed=1)
    total = 0.0
    for t in range(2):
        for s in range(4):
            if s != t:
                for row in range(3):
                    p = torch.softmax(teacher[t, row] / 0.04, 0)
                    total -= float(p @ torch.log_softmax(student[s, row] / 0.1, 0)) / 3
    found = make(DINO).loss(list(teacher), list(student))
    assert found.item() == pytest.approx(total / 6, rel=1e-5)


def test_y_aware():
    """Dufumier 2021, equation 3, up to the constant log n: a kernel-weighted InfoNCE."""
    z, ages = random_vectors(7, 5), torch.tensor([20.0, 21, 30, 30, 55, 80, 81])
    total = 0.0
    for i in range(7):
        others = [k for k in range(7) if k != i]
        weight = {k: math.exp(-((float(ages[i] - ages[k]) / 5) ** 2) / 2) for k in others}
        similar = {k: math.exp(cosine(z[i], z[k]) / 0.1) for k in others}
        for k in others:
            share = weight[k] / sum(weight.values())
            total -= share * math.log(similar[k] / sum(similar.values()))
    found = y_aware_loss(z, ages, reach_years=5, temperature=0.1)
    assert found.item() == pytest.approx(total / 7, rel=1e-5)


def test_y_aware_with_ages_far_apart_is_nt_xent():
    """Only the two views of a person weigh then: Chen's loss."""
    z = random_vectors(8, 5)
    ages = torch.tensor([10.0, 200, 400, 600]).repeat(2)
    assert y_aware_loss(z, ages).item() == pytest.approx(nt_xent(z[:4], z[4:], 0.2), rel=1e-5)


def test_rank_n_contrast():
    """Zha 2023, equation 1, ties in age counted among the baselines."""
    z, ages = random_vectors(7, 5), torch.tensor([20.0, 21, 30, 30, 55, 80, 81])
    total = 0.0
    for i in range(7):
        for j in range(7):
            if i == j:
                continue
            baselines = [
                k for k in range(7)
                if k != i and abs(ages[i] - ages[k]) >= abs(ages[i] - ages[j])
            ]  # fmt: skip
            near = [math.exp(-float((z[i] - z[k]).norm()) / 2) for k in baselines]
            total -= math.log(math.exp(-float((z[i] - z[j]).norm()) / 2) / sum(near))
    assert rank_n_contrast_loss(z, ages).item() == pytest.approx(total / 42, rel=1e-5)


@pytest.mark.parametrize("loss", [y_aware_loss, rank_n_contrast_loss])
def test_losses_on_ages_are_least_where_features_follow_age_and_have_finite_gradients(loss):
    ages = torch.linspace(20, 80, 12).repeat(2)
    angle = ages / 80 * math.pi
    ordered = torch.stack([angle.cos(), angle.sin()], 1).requires_grad_()  # views coincide
    mixed = ordered[torch.randperm(24, generator=torch.Generator().manual_seed(0))]
    assert loss(ordered, ages) < loss(mixed, ages)
    loss(ordered, ages).backward()
    assert torch.isfinite(ordered.grad).all()


@pytest.mark.parametrize("method", METHODS.values())
def test_a_method_trains_backbone_and_head_and_no_teacher(method):
    made = make(method)
    made.trainer = None
    tiles = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8)
    batch = TileBatch(tiles, None, torch.arange(8.0) * 10)
    loss = made.compare(*made.two_views(batch), batch)
    loss.backward()
    for name, weight in made.named_parameters():
        teaches = name.startswith("teacher")
        assert weight.requires_grad != teaches or "last_layer" in name, name
        if not teaches and weight.requires_grad:
            assert weight.grad is not None, name
    assert method.sees_ages == (method in (YAware, RankNContrast))


@pytest.mark.parametrize("method", [MoCo, BYOL])
def test_the_student_of_each_view_meets_the_teacher_of_the_other(method, monkeypatch):
    made, met = make(method), []
    first, second = random_vectors(2, 8, 3, 16, 16).float()

    def loss(student, teacher):
        met.append((student, teacher))
        return torch.tensor(float(len(met)))

    monkeypatch.setattr(made.loss, "forward", loss)
    assert made.compare(first, second, None).item() == 1.5  # the mean of both ways
    both = torch.cat([first, second])
    student = made.head(made.backbone(both))
    student = made.predict(student) if method is BYOL else student
    teacher = made.taught(both)
    expected = [(student[:8], teacher[8:]), (student[8:], teacher[:8])]
    torch.testing.assert_close(met, expected)


def test_views_of_a_pair_come_of_its_two_tiles():
    made = make(SimCLR)
    black, white = torch.zeros(4, 3, 16, 16), torch.full((4, 3, 16, 16), 255)
    batch = TileBatch(black.to(torch.uint8), white.to(torch.uint8), torch.zeros(4))
    first, second = made.two_views(batch)
    assert first.max() < -1
    assert second.min() > 1


def test_an_encoder_in_evaluation_mode_is_trained_with_its_batch_norm():
    backbone = nn.Sequential(nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(2), nn.Flatten()).eval()
    made = SimCLR(backbone, METADATA | {"dim": 12}, views_named("histology"), 8, seed=0)
    assert all(module.training for module in made.modules())

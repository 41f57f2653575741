"""Which settings to recommend: known answers, and what luck alone must not bring about."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_helpers.settings import DetectionSettings
from ocr_helpers.sweep.choice import LEAST_UNITS, choose, distances, weigh

Losses = NDArray[np.float64]


def table(*rows: list[float]) -> Losses:
    return np.array(rows, np.float64)


def alone(count: int) -> list[int]:
    """Every page a document of its own."""
    return list(range(count))


@pytest.mark.parametrize(
    ("losses", "far", "chosen"),
    [
        pytest.param(table([0.1]), [0], 0, id="one settings, one page"),
        pytest.param(table([0.1], [0.0]), [0, 1], 0, id="one page tells no noise: the default"),
        pytest.param(table([0.1, 0.1], [0.1, 0.1]), [0, 1], 0, id="equal: the default"),
        pytest.param(table([0.3, 0.3], [0.1, 0.1], [0.1, 0.1]), [0, 2, 1], 2, id="equal: the nearer"),
        pytest.param(table([0.3, 0.4, 0.5], [0.2, 0.3, 0.4]), [0, 1], 1, id="always better by the same"),
        pytest.param(table([0.3, 0.3, 0.3], [0.5, 0.3, 0.05]), [0, 1], 0, id="better by one page: noise"),
        pytest.param(
            table([0.9, 0.9, 0.9], [0.2, 0.1, 0.3], [0.19, 0.11, 0.3]),
            [0, 1, 2],
            1,
            id="two as good: the nearer, not the leader",
        ),
    ],
)
def test_choose(losses: Losses, far: list[float], chosen: int) -> None:
    assert choose(losses, np.array(far, float)) == chosen


def test_distances() -> None:
    start = DetectionSettings()
    others = [
        dataclasses.replace(start, thresh=0.4),
        dataclasses.replace(start, box_thresh=0.4, unclip_ratio=1.8),
        dataclasses.replace(start, limit_side_len=256, limit_type="max"),
    ]
    np.testing.assert_allclose(distances([start, *others]), [0, 1, 3, 3], atol=1e-9)


@pytest.mark.parametrize(
    ("gains", "mean_p", "sign_p", "reliable"),
    [
        pytest.param([], 1.0, 1.0, False, id="no page"),
        pytest.param([0.1] * 6, 1 / 64, 1 / 64, False, id="six pages are too few"),
        pytest.param([0.1] * 7, 1 / 128, 1 / 128, True, id="seven of seven"),
        pytest.param(
            [0.1] * 7 + [0.0] * 5, 1 / 128, 1 / 128, True, id="pages without a difference say nothing"
        ),
        pytest.param([0.1] * 6 + [0.0] * 6, 1 / 64, 1 / 64, False, id="six of twelve"),
        pytest.param([0.1] * 10 + [-0.05], 2 / 2048, 12 / 2048, True, id="one a little worse"),
        pytest.param(
            [0.1] * 14 + [-0.3], None, 16 / 2**15, False, id="one lost more than all gained on average"
        ),
        pytest.param([0.1] * 9 + [0.9], 1 / 1024, 1 / 1024, False, id="too uneven to count on elsewhere"),
        pytest.param([-0.1] * 8, 1.0, 1.0, False, id="worse"),
    ],
)
def test_evidence(gains: list[float], mean_p: float | None, sign_p: float, reliable: bool) -> None:
    # Two settings, far apart: the second is chosen wherever it is not worse by more than the noise.
    losses = np.stack([np.full(len(gains), 1.0), 1.0 - np.array(gains)])
    evidence = weigh(losses, np.array([5.0, 0.0]), alone(len(gains)))
    if sum(gains) >= 0 and gains:
        assert set(evidence.chosen.tolist()) == {1}
        np.testing.assert_allclose(evidence.gains, gains, atol=1e-12)
        assert evidence.sign_p == pytest.approx(sign_p)
        assert mean_p is None or evidence.mean_p == pytest.approx(
            mean_p, rel=0.6 if len(gains) > 14 else 1e-9
        )
    assert evidence.reliable is reliable


def test_pages_of_one_document_are_one_witness() -> None:
    losses = np.stack([np.full(40, 0.3), np.full(40, 0.2)])
    many = weigh(losses, np.array([0.0, 1.0]), [number % 8 for number in range(40)])
    assert (many.unit, len(many.gains), many.reliable) == ("document", 8, True)
    # Where there are too few documents, pages stand for themselves, and the unit says so.
    few = weigh(losses, np.array([0.0, 1.0]), [number % 2 for number in range(40)])
    assert (few.unit, len(few.gains)) == ("page", 40)
    uneven = weigh(losses, np.array([0.0, 1.0]), [min(number, LEAST_UNITS - 1) for number in range(40)])
    np.testing.assert_allclose(uneven.gains, np.full(LEAST_UNITS, 0.1))


@pytest.mark.parametrize("scale", [0.002, 0.05])
def test_luck_among_many_settings_is_not_recommended(scale: float) -> None:
    """300 settings that are all worth the same: the leader of each table looks good, and is not."""
    recommended = flattering = 0
    far = np.linspace(0, 6, 300)
    for seed in range(60):
        random = np.random.default_rng(seed)
        losses = 0.1 + random.normal(0, scale, (300, 12))
        losses[1:100] = losses[0] + random.normal(0, scale / 20, (99, 12))  # near the default: correlated
        evidence = weigh(losses, far, alone(12))
        recommended += evidence.reliable
        flattering += losses.mean(1).min() < losses[0].mean() - scale / 4
    assert flattering > 50 and recommended <= 1


def test_what_does_help_is_recommended_and_holds_elsewhere() -> None:
    gains = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        hard = random.uniform(0.05, 0.3, 24)  # some pages are hard for all settings
        merit = np.r_[0.0, random.normal(0, 0.01, 199), np.full(20, 0.04)]
        losses = hard - merit[:, None] + random.normal(0, 0.015, (220, 24))
        evidence = weigh(losses[:, :12], np.linspace(0, 11, 220), alone(12))
        if evidence.reliable:
            gains.append(float((losses[0, 12:] - losses[evidence.candidate, 12:]).mean()))
    assert len(gains) >= 12 and min(gains) > 0.02


def test_nothing_changes_what_it_is_given() -> None:
    losses = np.random.default_rng(0).uniform(0, 1, (5, 9))
    before, far = losses.copy(), np.linspace(0, 4, 5)
    weigh(losses, far, alone(9))
    np.testing.assert_array_equal(losses, before)
    np.testing.assert_array_equal(far, np.arange(5.0))

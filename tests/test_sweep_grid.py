"""Which settings a sweep tries."""

from typing import Any

import numpy as np
import pytest

from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.checks import SettingRangeError, SettingTypeError, UnknownSettingError
from ocr_helpers.sweep.grid import NoValuesError, TooManySettingsError, swept_settings

START = DetectionSettings()


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ({"thresh": [0.3]}, [START]),
        ({"thresh": [0.2, 0.4]}, [START, DetectionSettings(thresh=0.2), DetectionSettings(thresh=0.4)]),
        ({"thresh": (0.2, 0.3, 0.2)}, [START, DetectionSettings(thresh=0.2)]),
        (
            {"box_thresh": np.array([0.5]), "limit_type": ["max"], "limit_side_len": range(640, 961, 320)},
            [
                START,
                DetectionSettings(box_thresh=0.5, limit_type="max", limit_side_len=640),
                DetectionSettings(box_thresh=0.5, limit_type="max", limit_side_len=960),
            ],
        ),
    ],
)
def test_all_combinations_after_the_start_each_once(
    grid: dict[str, Any], expected: list[DetectionSettings]
) -> None:
    assert swept_settings(grid, START) == tuple(expected)


def test_other_settings_come_from_the_start() -> None:
    start = DetectionSettings(unclip_ratio=2.0)
    assert {one.unclip_ratio for one in swept_settings({"thresh": [0.1, 0.2]}, start)} == {2.0}


def test_a_sample_of_ranges() -> None:
    ranges = {
        "thresh": (0.1, 0.5),
        "unclip_ratio": (1, 2),
        "box_thresh": [0.4, 0.7],
        "limit_side_len": (64, 200),
    }
    drawn = swept_settings(ranges, START, samples=200, seed=1)
    assert drawn == swept_settings(ranges, START, samples=200, seed=1)
    assert drawn != swept_settings(ranges, START, samples=200, seed=2)
    assert drawn[0] == START and len(set(drawn)) == len(drawn) == 201
    thresholds = [one.thresh for one in drawn[1:]]
    assert min(thresholds) >= 0.1 and max(thresholds) <= 0.5
    assert len(set(thresholds)) > 30 and abs(np.mean(thresholds) - 0.3) < 0.04
    assert {one.box_thresh for one in drawn[1:]} == {0.4, 0.7}
    assert {one.limit_side_len for one in drawn[1:]} == {64, 96, 128, 160, 192, 200}


def test_a_range_has_both_its_ends_and_few_values_are_all_taken() -> None:
    drawn = swept_settings({"thresh": (0.305, 0.325)}, START, samples=50)
    assert [one.thresh for one in drawn] == [0.3, 0.305, 0.31, 0.32, 0.325]
    assert len(swept_settings({"box_thresh": (0.5, 0.5)}, START, samples=9)) == 2


@pytest.mark.parametrize(
    ("grid", "samples", "error", "said"),
    [
        ({}, None, NoValuesError, "expected values of settings by name"),
        ([0.1], None, NoValuesError, "expected values of settings by name"),
        ({"thresh": []}, None, NoValuesError, "thresh has no values"),
        ({"threshold": [0.1]}, None, UnknownSettingError, "thresh, box_thresh"),
        ({"thresh": 0.2}, None, SettingTypeError, "expected its values"),
        ({"limit_type": "max"}, None, SettingTypeError, "expected its values"),
        ({"thresh": [0.0]}, None, SettingRangeError, "0.01"),
        ({"thresh": [0.2, 1.2]}, None, SettingRangeError, "1.2"),
        ({"unclip_ratio": ["wide"]}, None, SettingTypeError, "wide"),
        ({"limit_side_len": [5000]}, None, SettingRangeError, "max_side_limit"),
        ({"thresh": (0.0, 0.5)}, 10, SettingRangeError, "0.01"),
        ({"thresh": (0.5, 0.2)}, 10, SettingRangeError, "lower end first"),
        ({"thresh": (0.2, 0.5)}, 0, TooManySettingsError, "from 1"),
        ({"thresh": (0.2, 0.5)}, True, TooManySettingsError, "from 1"),
        (
            {"thresh": np.linspace(0.1, 1, 400), "box_thresh": np.linspace(0.1, 1, 400)},
            None,
            TooManySettingsError,
            "160,000",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused(grid: Any, samples: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        swept_settings(grid, START, samples)


def test_two_sides_that_fit_together_only_are_taken() -> None:
    grid = {"limit_side_len": [5000], "max_side_limit": [6000], "limit_type": ["max"]}
    assert swept_settings(grid, START)[1].limit_side_len == 5000

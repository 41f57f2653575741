"""The sweep's benchmark: what it counts as a kept promise, what as a difference, a short run."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import sweep
from benchmarks.sweep import Rival, differences
from benchmarks.sweep_promise import promise
from ocr_helpers.pages import Page
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages import StagedPipeline
from ocr_helpers.sweep.pages import ModelProbe
from ocr_helpers.sweep.result import SweepResult
from ocr_helpers.sweep.tables import SweepPage

SMALL = {"thresh": [0.3], "box_thresh": [0.3, 0.6], "unclip_ratio": [1.5, 1.7]}


def result_of(cers: NDArray[np.float64]) -> SweepResult:
    """A result with these error rates, (settings, pages), every page a document of its own."""
    settings = tuple(DetectionSettings(box_thresh=0.6 + 0.001 * number) for number in range(len(cers)))
    pages = tuple(
        SweepPage(str(n), str(n), str(n), "", True, column, np.full(len(cers), np.nan))
        for n, column in enumerate(cers.T)
    )
    return SweepResult("cer", settings, pages, (), True, PipelineSettings(), ModelProbe("", (0.0,)))


def test_a_promise_kept_and_something_gained() -> None:
    cers = np.random.default_rng(0).uniform(0.1, 0.2, (1, 20)) - np.array([[0.0], [0.05], [-0.05]])
    kept = promise(result_of(cers), splits=10)
    assert (kept.splits, kept.others, kept.worse, kept.leading_worse) == (10, 10, 0, 0)
    assert kept.chosen == pytest.approx(kept.default - 0.05)


def test_luck_is_seen_through() -> None:
    cers = 0.1 + np.random.default_rng(0).normal(0, 0.01, (200, 20))
    cers[0] -= 0.003
    kept = promise(result_of(cers), splits=20)
    assert (kept.others, kept.worse, kept.chosen) == (0, 0, kept.default) and kept.leading_worse > 10


class Reckless(SweepResult):
    """Always recommends its second settings."""

    @property
    def best(self) -> DetectionSettings:
        return self.settings[1]


def test_a_broken_promise_is_counted() -> None:
    honest = result_of(np.stack([np.full(20, 0.1), np.full(20, 0.3)]))
    reckless = Reckless(**{name: getattr(honest, name) for name in honest.__dataclass_fields__})
    broken = promise(reckless, splits=10)
    assert (broken.others, broken.worse, broken.leading_worse) == (10, 10, 0)
    assert broken.default == pytest.approx(0.1) and broken.chosen == pytest.approx(0.3)


def test_a_short_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "GRID", SMALL)
    seen: list[tuple[StagedPipeline, SweepResult, list[Page], Rival]] = []

    def watched(staged: StagedPipeline, result: SweepResult, pages: list[Page], rival: Rival) -> list[str]:
        seen.append((staged, result, pages, rival))
        return differences(staged, result, pages, rival)

    monkeypatch.setattr(sweep, "differences", watched)
    assert sweep.main(["--pages", "2", "--settings", "2", "--photos", "0"]) == 1  # 4 settings win little
    said = capsys.readouterr()
    assert "4 of 4 readings the same" in said.out and "different" not in said.err
    assert "held out, samples: 40 splits" in said.out
    last = said.out.splitlines()[-1]
    assert re.search(r"as it comes, on paddle: \d+ times faster \(at least 200\): missed;", last)
    assert re.search(r"on the same engine: \d+ times faster$", last)

    ((staged, result, pages, rival),) = seen
    number, place = next(iter(rival.readings))
    boxes, texts = rival.readings[number, place]
    for other in ((boxes[1:], texts), (boxes, ["", *texts[1:]])):
        changed = replace(rival, readings=rival.readings | {(number, place): other})
        assert len(differences(staged, result, pages, changed)) == 1
    changed = replace(rival, cers=rival.cers | {(number, place): rival.cers[number, place] + 0.001})
    assert len(differences(staged, result, pages, changed)) == 1


@pytest.mark.parametrize("arguments", [["--settings", "1"], ["--photos", "-1"], ["--pages", "1"]])
def test_arguments_that_measure_nothing_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        sweep.main(arguments)

"""Settings chosen on one half of the documents read the other half no worse than the defaults: is that so?"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page
from ocr_helpers.sweep.result import SweepResult

__all__ = ["Promise", "bent_photos", "promise"]

SPLITS = 40


@dataclass(frozen=True, slots=True)
class Promise:
    """Choices on one half of the documents, judged on the other.

    Attributes:
        splits: how many.
        others: in how many the choice was other settings than the defaults.
        worse: in how many the other half was read worse with it than with the defaults.
        default: mean CER of the halves not chosen on, with the defaults; ``chosen``: with the choice.
        leading_worse: in how many the best of the half chosen on would have been worse.

    """

    splits: int
    others: int
    worse: int
    default: float
    chosen: float
    leading_worse: int

    def __str__(self) -> str:
        return (
            f"{self.splits} splits, other settings chosen in {self.others}, worse than the defaults in "
            f"{self.worse}; CER {self.default:.4f} with the defaults, {self.chosen:.4f} with the choice; the "
            f"best of the half chosen on would be worse in {self.leading_worse}"
        )


def promise(result: SweepResult, splits: int = SPLITS, seed: int = 0) -> Promise:
    """Choose on a random half of the documents, look at the other, again and again."""
    random = np.random.default_rng(seed)
    documents = list(dict.fromkeys(page.document for page in result.pages))
    default: list[float] = []
    chosen: list[float] = []
    leading: list[float] = []
    others = 0
    for _ in range(splits):
        kept = set(random.permutation(documents)[: (len(documents) + 1) // 2].tolist())
        halves = [
            [place for place, page in enumerate(result.pages) if (page.document in kept) is wanted]
            for wanted in (True, False)
        ]
        here, there = (result.of_pages(half) for half in halves)
        others += here.best != here.default
        for means, settings in ((default, here.default), (chosen, here.best), (leading, here.leading)):
            means.append(float(there.page_values(settings).mean()))
    gains, lucky = np.subtract(default, chosen), np.subtract(default, leading)
    return Promise(
        splits,
        others,
        int((gains < -1e-12).sum()),
        float(np.mean(default)),
        float(np.mean(chosen)),
        int((lucky < -1e-12).sum()),
    )


def bent_photos(count: int, seed: int) -> Iterator[tuple[Page, PageTruth]]:
    """Photos of bent pages and their lines, none of which anything was tuned on."""
    from benchmarks.unwarping_pages import curved_photos

    for number, photo in enumerate(curved_photos(count, seed)):
        quads = [cv2.boxPoints(cv2.minAreaRect(outline.astype(np.float32))) for outline in photo.seen_xy]
        yield Page(photo.image_bgr, f"{photo.kind} {number}"), PageTruth(np.stack(quads), photo.texts)

"""Batches of photos for the unwarping network: each photo four times, as itself and mirrored."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from training.warped_pages import GRID_HW, PAGES, PHOTOS, WarpedPage, make_chunk
from training.warps import regular

BATCH = 16
MIRRORINGS = [(False, False), (True, True), (True, False), (False, True)]  # across, down
BATCHES_PER_CHUNK = len(MIRRORINGS) * PAGES * PHOTOS // BATCH


class Batch(NamedTuple):
    """``images``: uint8 (N, 1, *PAGE_HW); ``displacement``: float32 (N, 2, *GRID_HW), of the right grid;
    ``page_places``: float32 (N, 2, *CELLS_HW); ``flat``: bool (N,).
    """  # fmt: skip

    images: Tensor
    displacement: Tensor
    page_places: Tensor
    flat: Tensor


def collate(photos: list[WarpedPage]) -> Batch:
    """One batch of these photos."""
    identity = regular(GRID_HW, 0.0).astype(np.float32)
    images = np.stack([photo.image for photo in photos])[:, None]
    displacement, page_places = (
        torch.from_numpy(np.ascontiguousarray(np.stack(places).transpose(0, 3, 1, 2)))
        for places in ([photo.grid - identity for photo in photos], [photo.page_places for photo in photos])
    )
    flat = torch.tensor([photo.flat for photo in photos])
    return Batch(torch.from_numpy(images), displacement, page_places, flat)


def batches(photos: list[WarpedPage]) -> Iterator[Batch]:
    """Photos in their order; what fills no batch is left out."""
    for start in range(0, len(photos) - BATCH + 1, BATCH):
        yield collate(photos[start : start + BATCH])


class PhotoStream(IterableDataset[Batch]):
    """Batches without end; chunk n is made from seed (seed, n), whoever makes it.

    A photo costs more time than a step of training takes, and its mirror images cost none. Batches mix
    successive chunks, each mirrored another way, so that a photo's four forms lie far apart.
    """

    def __init__(self, seed: int, first_chunk: int, stems: dict[str, float]) -> None:
        self.seed, self.first_chunk, self.stems = seed, first_chunk, stems

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(0)
        worker = get_worker_info()
        step, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        number = self.first_chunk + offset
        window: list[list[WarpedPage]] = []
        while True:
            window.append(make_chunk(self.seed, number, self.stems))
            window = window[-len(MIRRORINGS) :]
            mixed = [
                photo.mirrored(*mirroring)
                for chunk, mirroring in zip(reversed(window), MIRRORINGS, strict=False)
                for photo in chunk
            ]
            np.random.default_rng([self.seed, number]).shuffle(mixed)  # type: ignore[arg-type]
            yield from batches(mixed)
            number += step

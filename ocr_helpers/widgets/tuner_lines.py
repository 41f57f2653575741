"""The lines that DetectionTuner lists, and their crops."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any
from weakref import ref

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.detection.frames import DetectionFrame, Texts
from ocr_helpers.figures import score_color, score_label
from ocr_helpers.figures.card_pictures import CutLines

__all__ = ["CROPS", "LineRows", "spacing_of"]

_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]
CROPS = 2_000
"""Crops that are remembered, here and in the browser."""


class LineRows:
    """Lines of a page as rows: place of the crop, text, score.

    Most boxes stay while one drags: a crop is encoded once, and sent to the browser once, beside the rows.
    """

    def __init__(self) -> None:
        self._crops: OrderedDict[str, bytes] = OrderedDict()
        self._fresh: list[str] = []
        # of each page, and how many it has had
        self._pictures: dict[int, tuple[ref[NDArray[np.uint8]], int]] = {}

    def of(self, frame: DetectionFrame, texts: Texts) -> list[dict[str, Any]]:
        """One row per kept box in reading order; text and score are None where it was not read yet."""
        cut = CutLines(frame.page_map.page_bgr, list(frame.quads_xy), [])
        picture = self._picture(frame)
        rows = []
        for box in frame.reading_order.tolist():
            quad = frame.quads_xy[box]
            text, score = texts.get(quad.tobytes(), (None, None))
            rows.append(
                {
                    "box": box,
                    "text": text,
                    "score": None if score is None else score_label(score, 2),
                    "color": "" if score is None else score_color(score),
                    "crop": self._crop(picture, quad, cut),
                }
            )
        return rows

    def fresh_crops(self) -> dict[str, bytes]:
        """The JPEG of each crop that was named in rows since the last call, by the name the rows give it."""
        names, self._fresh = self._fresh, []
        return {name: self._crops[name] for name in names if name in self._crops}

    def all_crops(self) -> dict[str, bytes]:
        """Every crop remembered: for a browser that has none yet."""
        return dict(self._crops)

    def _picture(self, frame: DetectionFrame) -> str:
        """A name for what lines are cut from: a page that was turned or flattened anew is another picture."""
        page_bgr = frame.page_map.page_bgr
        known, count = self._pictures.get(frame.page_number, (None, 0))
        if known is None or known() is not page_bgr:
            count += 1
            self._pictures[frame.page_number] = ref(page_bgr), count
        return f"{frame.page_number}-{count}"

    def _crop(self, picture: str, quad: NDArray[np.int16], cut: CutLines) -> str:
        name = f"{picture}-{quad.tobytes().hex()}"
        if name not in self._crops:
            line, _ = cut.before_and_after(quad)
            _, jpeg = cv2.imencode(".jpg", line[:, :, ::-1], _JPEG)
            self._crops[name] = jpeg.tobytes()
            self._fresh.append(name)
            while len(self._crops) > CROPS:
                self._crops.popitem(last=False)
        self._crops.move_to_end(name)
        return name


def spacing_of(lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Each text that lacks spaces with its restored form; the lines keep what was read."""
    from ocr_helpers.spacing import restore_spacing

    texts = {line["text"]: restore_spacing(line["text"]) for line in lines if line["text"]}
    return {"on": True, "texts": {read: text for read, text in texts.items() if read != text}}

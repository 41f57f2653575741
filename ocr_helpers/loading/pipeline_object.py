"""A ``paddleocr.PaddleOCR`` whose optional modules are loaded, but run only where a call asks for them.

PaddleX knows one flag for both: a module that was loaded runs by default, and one that is off cannot be
switched on (``paddlex/inference/pipelines/ocr/pipeline.py``, 3.7). So all modules are loaded as on, and this
subclass gives ``predict`` its own defaults. Importing it imports paddleocr.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any

from paddleocr import PaddleOCR

from ocr_helpers.weights import ModelWeights

__all__ = ["TOGGLES_OFF", "SwitchablePaddleOCR"]

TOGGLES_OFF: Mapping[str, Any] = MappingProxyType(
    {"use_doc_orientation_classify": False, "use_doc_unwarping": False, "use_textline_orientation": False}
)


class SwitchablePaddleOCR(PaddleOCR):  # type: ignore[misc]  # paddleocr has no types
    """PaddleOCR with defaults of its own for ``predict``; everything else is PaddleOCR's.

    Attributes:
        predict_defaults: the arguments of ``predict`` where a call leaves them out or passes None; at first
            the three toggles, off.
        weights: module → what was loaded for it.

    """

    predict_defaults: Mapping[str, Any] = TOGGLES_OFF
    weights: Mapping[str, ModelWeights] = MappingProxyType({})

    def with_defaults(self, defaults: Mapping[str, Any]) -> "SwitchablePaddleOCR":
        """Return a pipeline over the same loaded models, with other defaults for ``predict``.

        Toggles that ``defaults`` leaves out are off.
        """
        other = copy.copy(self)
        other.predict_defaults = MappingProxyType({**TOGGLES_OFF, **defaults})
        return other

    @wraps(PaddleOCR.predict_iter)
    def predict_iter(self, input: Any, **options: Any) -> Iterator[Any]:
        """As PaddleOCR's; ``predict`` calls it too."""
        given = {name: value for name, value in options.items() if value is not None}
        results: Iterator[Any] = super().predict_iter(input, **{**self.predict_defaults, **given})
        return results

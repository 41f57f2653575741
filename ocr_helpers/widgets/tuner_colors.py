"""Colours of the lines that DetectionTuner draws: those of the figures, so that both read alike."""

import json

from ocr_helpers.detection.layers import BEFORE, CONTOUR, GAINED, LOST, REJECTED

__all__ = ["COLORS", "COLORS_SCRIPT"]

COLORS: dict[str, str] = {
    "contour": CONTOUR.color,
    "before": BEFORE.color,
    "gained": GAINED.color,
    "lost": LOST.color,
} | {str(reason): style.color for reason, style in REJECTED.items()}
"""Of each layer and of each reason why a candidate was rejected, as ``#rrggbb``."""

COLORS_SCRIPT = f"const COLORS = {json.dumps(COLORS)};\n"
"""The same as the first line of the widget's script."""

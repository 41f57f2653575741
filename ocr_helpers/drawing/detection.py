"""Figures of detection: maps, candidates, one setting at several values, before and after.

This module only gathers the names; each figure has its own module.
"""

from ocr_helpers.detection.layers import Region, RegionError
from ocr_helpers.drawing.candidates import show_candidates, show_map
from ocr_helpers.drawing.changed_lines import show_changed_lines
from ocr_helpers.drawing.comparison import NoComparisonError, show_comparison
from ocr_helpers.drawing.values import UnknownParameterError, show_values

__all__ = [
    "NoComparisonError",
    "Region",
    "RegionError",
    "UnknownParameterError",
    "show_candidates",
    "show_changed_lines",
    "show_comparison",
    "show_map",
    "show_values",
]

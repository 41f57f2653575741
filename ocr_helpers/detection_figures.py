"""Figures of detection: maps, candidates, one setting at several values, before and after.

This module only gathers the names; each figure has its own module.
"""

from ocr_helpers.candidate_figures import show_candidates, show_map
from ocr_helpers.changed_line_figures import show_changed_lines
from ocr_helpers.comparison_figures import NoComparisonError, show_comparison
from ocr_helpers.detection_layers import Region, RegionError
from ocr_helpers.value_figures import UnknownParameterError, show_values

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

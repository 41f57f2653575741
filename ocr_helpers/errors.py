"""The common ancestor of every error this package raises on purpose, and how its messages show a value."""

import reprlib

__all__ = ["OcrHelpersError", "shown"]


class OcrHelpersError(Exception):
    """Base class: catch it to catch anything ocr_helpers refuses.

    Each module defines one subclass per cause. The message says what came, what was expected and what to do.
    """


def shown(value: object) -> str:
    """Return the value as a message shows it: quoted, and short however long or deeply nested it is."""
    try:
        return _REPR.repr(value)
    except ValueError:  # an int of more digits than Python writes out
        return f"a {type(value).__name__} too large to show"


_REPR = reprlib.Repr()
_REPR.maxlevel = 2
_REPR.maxstring = _REPR.maxother = 200

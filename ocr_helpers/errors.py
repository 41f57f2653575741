"""The common ancestor of every error this package raises on purpose."""


class OcrHelpersError(Exception):
    """Base class: catch it to catch anything ocr_helpers refuses.

    Each module defines one subclass per cause. The message says what came, what was expected and what to do.
    """

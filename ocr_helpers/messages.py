"""What a notebook cell shows while models load: one line from us, nothing from the libraries below.

Our lines go through ``logging.getLogger("ocr_helpers")`` at INFO. Where no logging is configured, as in a
notebook, they appear in its output; ``logging.getLogger("ocr_helpers").setLevel("WARNING")`` silences them.
"""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["announce", "announce_once", "quiet_paddle"]

_logger = logging.getLogger("ocr_helpers")
_said: set[str] = set()


class _CellHandler(logging.Handler):
    """Writes to the current ``sys.stdout`` (a notebook replaces it) unless the root logger has handlers."""

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            print(self.format(record), file=sys.stdout, flush=True)


def announce(text: str) -> None:
    """Log one line at INFO, visible in a notebook."""
    if not _logger.handlers:
        _logger.addHandler(_CellHandler())
    if _logger.level == logging.NOTSET:
        _logger.setLevel(logging.INFO)
    _logger.info(text)


def announce_once(text: str) -> None:
    """Like :func:`announce`, but a line that was said in this process is not repeated."""
    if text not in _said:
        _said.add(text)
        announce(text)


@contextmanager
def quiet_paddle() -> Iterator[None]:
    """Keep PaddleX's informational log lines and Paddle's compiler warning out of the cell.

    Errors pass. PaddleX sets its logger to INFO when it is imported; when that happens inside, the level
    becomes WARNING for good, so that later calls are quiet too. A level set by the user, or
    ``PADDLE_PDX_DEBUG``, is kept.
    """
    if os.environ.get("PADDLE_PDX_DEBUG", "").lower() in ("1", "true"):
        yield
        return
    paddlex = logging.getLogger("paddlex")
    first_import = "paddlex" not in sys.modules
    paddlex.addFilter(_only_errors)
    try:
        with warnings.catch_warnings():
            # paddle/utils/cpp_extension/extension_utils.py, on import; it matters to those who compile
            # operators
            warnings.filterwarnings("ignore", message="No ccache found")
            yield
    finally:
        paddlex.removeFilter(_only_errors)
        if first_import and "paddlex" in sys.modules:
            paddlex.setLevel(logging.WARNING)


def _only_errors(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR

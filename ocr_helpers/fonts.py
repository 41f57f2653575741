"""Hangul in every picture: where the font is, which characters it can draw, and how PaddleX is told.

Two drawing worlds need a Hangul font and have none by default: matplotlib (its DejaVu Sans knows no Hangul)
and PaddleX (whose ``save_to_img`` downloads one). Both get NanumGothic (OFL) out of koreanize-matplotlib.
"""

import contextlib
import importlib.util
import os
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "FONT_FAMILIES",
    "HangulFontError",
    "PaddlexFontError",
    "characters_without_glyph",
    "hangul_font_path",
    "register_hangul_font",
    "set_paddlex_font",
    "use_hangul_font",
]

FONT_FAMILIES = ["NanumGothic", "DejaVu Sans"]
"""Matplotlib font families in order of preference: the second draws the marks the first lacks (✓, ‧, …)."""

_PADDLEX_FONT_VARIABLE = "PADDLE_PDX_LOCAL_FONT_FILE_PATH"


class HangulFontError(OcrHelpersError):
    """The package that carries the Hangul font is absent or incomplete."""


class PaddlexFontError(OcrHelpersError):
    """The font that the environment names for PaddleX cannot be used."""


def hangul_font_path(*, bold: bool = False) -> Path:
    """Path of NanumGothic (or its bold cut) inside the package koreanize_matplotlib.

    The package is located, not imported: importing it changes matplotlib's global settings (its font family
    and ``axes.unicode_minus``) for every figure of the session.

    Raises:
        HangulFontError: the package is not installed, or its font file is missing.

    """
    spec = importlib.util.find_spec("koreanize_matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise HangulFontError(
            "No Hangul font: the package koreanize_matplotlib, which carries NanumGothic, is not installed. "
            "Install it with: pip install koreanize-matplotlib"
        )
    name = "NanumGothicBold.ttf" if bold else "NanumGothic.ttf"
    path = Path(next(iter(spec.submodule_search_locations))) / "fonts" / name
    if not path.is_file():
        raise HangulFontError(
            f"No Hangul font: {name} is missing from the installed package ({path}). "
            "Reinstall it with: pip install --force-reinstall koreanize-matplotlib"
        )
    return path


@lru_cache(maxsize=1)
def register_hangul_font() -> tuple[str, ...]:
    """Make NanumGothic known to matplotlib's font manager, once; return the families to name in figures.

    No rcParams are changed: only artists that ask for these families use them. The bold cut is registered
    where the package has it; without it matplotlib draws bold text with the regular cut.

    Raises:
        HangulFontError: as :func:`hangul_font_path`.

    """
    from matplotlib import font_manager

    font_manager.fontManager.addfont(hangul_font_path())
    # Bold is a nicety; the regular cut, without which nothing can be read, was found above.
    with contextlib.suppress(HangulFontError):
        font_manager.fontManager.addfont(hangul_font_path(bold=True))
    return tuple(FONT_FAMILIES)


def use_hangul_font() -> None:
    """Draw Hangul in your own matplotlib figures too, from now on (changes ``matplotlib.rcParams``).

    The figures of this package never need it. Sets ``font.family`` to :data:`FONT_FAMILIES`, and turns
    ``axes.unicode_minus`` off only where no font of that list has the minus sign U+2212 (negative tick
    labels). Undo with ``matplotlib.rcdefaults()``, or call it inside ``with matplotlib.rc_context():``.

    Raises:
        HangulFontError: as :func:`hangul_font_path`.

    """
    import matplotlib

    matplotlib.rcParams["font.family"] = list(register_hangul_font())
    if characters_without_glyph("\N{MINUS SIGN}"):
        matplotlib.rcParams["axes.unicode_minus"] = False


def characters_without_glyph(text: str) -> tuple[str, ...]:
    """The characters of ``text`` (as NFC) that no font of `FONT_FAMILIES` can draw, each once, in order.

    A line feed is layout, not a glyph, and is never reported.

    Raises:
        HangulFontError: as :func:`hangul_font_path`.

    """
    known = _drawable_codepoints()
    missing = (c for c in unicodedata.normalize("NFC", text) if c != "\n" and ord(c) not in known)
    return tuple(dict.fromkeys(missing))


@lru_cache(maxsize=1)
def _drawable_codepoints() -> frozenset[int]:
    import matplotlib
    from matplotlib.font_manager import get_font

    dejavu_path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    fonts = (get_font(hangul_font_path()), get_font(dejavu_path))
    return frozenset(codepoint for font in fonts for codepoint in font.get_charmap())


def set_paddlex_font() -> Path:
    """Let PaddleOCR's own ``save_to_img`` draw Hangul, offline; return the font file it will use.

    A font the user has named in ``PADDLE_PDX_LOCAL_FONT_FILE_PATH`` is kept; else NanumGothic is set there.
    Works before and after paddlex is imported, and also for models that are already loaded.

    Raises:
        PaddlexFontError: the variable names a file that does not exist.
        HangulFontError: as :func:`hangul_font_path`.

    """
    named = os.environ.get(_PADDLEX_FONT_VARIABLE)
    if named and not Path(named).is_file():
        # PaddleX would ignore it without a word and try to download a font at the first picture.
        raise PaddlexFontError(
            f"{_PADDLEX_FONT_VARIABLE} is {named!r}, which is not a file. "
            "Correct it, or unset it to use NanumGothic."
        )
    path = Path(named) if named else hangul_font_path()
    # paddlex.utils.flags reads this variable once, at import; paddlex.utils.fonts then builds one Font object
    # per script, which downloads its file at first use unless the variable was set by then.
    os.environ[_PADDLEX_FONT_VARIABLE] = str(path)
    flags: Any = sys.modules.get("paddlex.utils.flags")
    if flags is not None:
        flags.LOCAL_FONT_FILE_PATH = str(path)
    fonts: Any = sys.modules.get("paddlex.utils.fonts")
    if fonts is not None:
        # Too late for the variable. Loaded models and results share these Font objects by reference, so mend
        # them in place: new ones would leave every earlier `from ... import SIMFANG_FONT` with the old one.
        fonts.LOCAL_FONT_FILE_PATH = str(path)
        for font in vars(fonts).values():
            if isinstance(font, fonts.Font):
                font._local_path = str(path)
    return path

"""The fonts of the samples: Debian's Korean families, found by name, loaded at a pixel size, no tofu."""

import subprocess
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

from ocr_helpers.errors import OcrHelpersError

# Families the starter weights never trained on come first: a sample set in one of them is an honest test.
PACKAGE_OF = {
    "Baekmuk Batang": "fonts-baekmuk",
    "Baekmuk Dotum": "fonts-baekmuk",
    "Baekmuk Gulim": "fonts-baekmuk",
    "Baekmuk Headline": "fonts-baekmuk",
    "BM HANNA Pro": "fonts-woowa-bm",
    "NanumSquare": "fonts-nanum",
    "Noto Serif CJK KR": "fonts-noto-cjk",
    "UnDotum": "fonts-unfonts-core",
    # These families were trained on; they appear where a real document would need their look.
    "D2Coding": "fonts-naver-d2coding",
    "Nanum Pen Script": "fonts-nanum",
    "UnGungseo": "fonts-unfonts-core",
}
HELD_OUT = tuple(PACKAGE_OF)[:8]
# Baekmuk draws these ASCII marks as long flat dashes, so that nobody could read them off the picture.
_MISLEADING = {"Baekmuk Dotum": "~-", "Baekmuk Gulim": "-"}


class FontMissingError(OcrHelpersError):
    """A font family the samples need is not installed."""


class GlyphMissingError(OcrHelpersError):
    """A text asks a font for a character it does not have."""


@cache
def _installed() -> dict[tuple[str, str], tuple[Path, int]]:
    """(family, style) to (file, index inside a collection), for every face fontconfig knows."""
    command = ["fc-list", "-f", "%{family[0]}|%{style[0]}|%{index}|%{file}\n"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError as error:
        raise FontMissingError("fc-list was not found: run `apt-get install fontconfig`") from error
    faces = {}
    for row in sorted(listing.splitlines()):
        family, style, index, path = row.split("|", 3)
        faces[family, style] = (Path(path), int(index) & 0xFFFF)  # the high bits name an instance
    return faces


def find_face(family: str, style: str = "Regular") -> tuple[Path, int]:
    """File and collection index of one face; FontMissingError names the Debian package that brings it."""
    if family not in PACKAGE_OF:
        raise FontMissingError(f"family {family!r} is none of the samples' families: {', '.join(PACKAGE_OF)}")
    try:
        return _installed()[family, style]
    except KeyError:
        raise FontMissingError(
            f"font {family!r} in style {style!r} is not installed: run `apt-get install {PACKAGE_OF[family]}`"
        ) from None


def missing_packages() -> list[str]:
    """Debian packages to install before the samples can be made; empty when every family is there."""
    families = {family for family, _ in _installed()}
    return sorted({package for family, package in PACKAGE_OF.items() if family not in families})


@cache
def characters_of(family: str, style: str = "Regular") -> frozenset[str]:
    """Every character the face's character map names."""
    path, index = find_face(family, style)
    with TTFont(path, fontNumber=index, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def load_font(family: str, style: str, size_px: int) -> ImageFont.FreeTypeFont:
    """The face at a pixel size. Basic layout, so that no optional shaping library changes a picture."""
    path, index = find_face(family, style)
    return ImageFont.truetype(str(path), size_px, index=index, layout_engine=ImageFont.Layout.BASIC)


def check_glyphs(text: str, family: str, style: str) -> None:
    """Raise GlyphMissingError where the face lacks a character, draws it empty or as another mark."""
    absent = sorted({c for c in text if c != " " and not _has_ink(c, family, style)})
    if absent:
        raise GlyphMissingError(
            f"{family} {style} cannot draw {' '.join(absent)} of {text!r}: use another family or other words"
        )


@cache
def _has_ink(character: str, family: str, style: str) -> bool:
    if character not in characters_of(family, style) or character in _MISLEADING.get(family, ""):
        return False
    return load_font(family, style, 32).getmask(character).getbbox() is not None

"""The faces to train on, from Debian and the npm registry, and Debian's families kept out to measure on."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

from training.web_fonts import FOLDER

ROOTS = (Path("/usr/share/fonts"), FOLDER)
PACKAGES = (
    "fonts-nanum fonts-nanum-extra fonts-unfonts-core fonts-unfonts-extra fonts-baekmuk fonts-alee fonts-noto-cjk "
    "fonts-lexi-gulim fonts-lexi-saebom fonts-woowa-bm fonts-naver-d2coding"
)

# File name stems, relative weight in training. Document faces count more than display faces and handwriting.
DEBIAN = {
    "NanumGothic": 3, "NanumGothicBold": 2, "NanumGothicExtraBold": 1, "NanumGothicLight": 2, "NanumBarunGothic": 3,
    "NanumBarunGothicBold": 2, "NanumBarunGothicLight": 2, "NanumBarunGothicUltraLight": 1, "NanumBarunpenR": 2,
    "NanumBarunpenB": 1, "NanumGothicCoding": 2, "NanumGothicCodingBold": 1, "NanumMyeongjo": 4, "NanumMyeongjoBold": 3,
    "NanumMyeongjoExtraBold": 1, "NanumMyeongjo-YetHangul": 1, "NotoSansCJK-Regular": 4, "NotoSansCJK-Bold": 3,
    "UnBatang": 4, "UnBatangBold": 3, "UnGraphic": 3, "UnGraphicBold": 2, "UnGungseo": 3, "UnDinaru": 2, "UnDinaruBold": 1,
    "UnDinaruLight": 1, "UnPilgi": 1, "UnShinmun": 3, "UnTaza": 1, "UnVada": 1, "UnYetgul": 1, "UnPen": 1,
    "LexiGulim": 3, "LexiSaebomR": 2, "D2Coding-Ver1.3.2-20180524-all": 2, "Bandal": 1, "Bangwool": 1, "Eunjin": 1,
    "BMDOHYEON_ttf": 2, "BMJUA_ttf": 2, "BMEULJIROTTF": 1, "BMYEONSUNG_ttf": 1, "NanumBrush": 0.5, "NanumPen": 1,
}  # fmt: skip
NPM = {
    "gugi-400": 2, "sunflower-300": 1, "sunflower-500": 2, "sunflower-700": 1, "dongle-400": 2, "black-han-sans-400": 2,
    "bagel-fat-one-400": 0.5, "cute-font-400": 0.5, "gaegu-400": 0.5, "hi-melody-400": 0.5, "poor-story-400": 1,
    "stylish-400": 1, "song-myung-400": 1, "orbit-400": 1, "gowun-batang-400": 2, "gowun-dodum-400": 2, "hahmlet-300": 1,
    "hahmlet-500": 1, "hahmlet-800": 1, "gothic-a1-300": 1, "gothic-a1-500": 2, "gothic-a1-800": 1,
    "ibm-plex-sans-kr-300": 1, "ibm-plex-sans-kr-500": 2, "ibm-plex-sans-kr-700": 1,
}  # fmt: skip
TRAINING = DEBIAN | NPM
KEPT_OUT = {
    "Baekmuk Batang": "batang", "Baekmuk Dotum": "dotum", "Baekmuk Gulim": "gulim", "NanumSquare": "NanumSquareR",
    "Noto Serif CJK KR": "NotoSerifCJK-Regular", "UnDotum": "UnDotum", "BM HANNA Pro": "BMHANNAPro",
}  # fmt: skip
# A document's own font seldom has every mark: its renderer borrows them from another, and so do we.
FALLBACK = "NotoSansCJK-Regular"
KOREAN_FACE = {"NotoSansCJK-Regular": 1, "NotoSansCJK-Bold": 1, "NotoSerifCJK-Regular": 1}


@dataclass(frozen=True)
class Face:
    """One font file and the characters it can draw."""

    stem: str
    path: Path
    index: int
    characters: frozenset[int]

    def sized(self, size: int) -> ImageFont.FreeTypeFont:
        """The face at ``size`` pixels per em."""
        return _sized(str(self.path), self.index, size)


@lru_cache(maxsize=512)
def _sized(path: str, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=128)
def face(stem: str) -> Face:
    """The installed face with this file name; raises FileNotFoundError naming the packages to install."""
    found = sorted(
        path
        for root in ROOTS
        for pattern in ("*.tt[fc]", "*.ot[fc]")
        for path in root.rglob(pattern)
        if path.stem == stem
    )
    if not found:
        raise FileNotFoundError(
            f"no font file {stem}.ttf under {ROOTS[0]} or {ROOTS[1]}: install Debian's {PACKAGES}, "
            "and run python -m training.web_fonts"
        )
    index = KOREAN_FACE.get(stem, 0)
    font = TTFont(found[0], fontNumber=index if found[0].suffix in (".ttc", ".otc") else -1, lazy=True)
    return Face(stem, found[0], index, frozenset(font.getBestCmap()))

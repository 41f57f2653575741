# ruff: noqa: E501 (Hangul counts double, and a text is easier to read unbroken)
"""Single lines as a detector would crop them, each with one difficulty or one kind of text."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.sample_canvas import KNOWN, Canvas, Colour, Line, Type
from training.sample_effects import Picture, rotate, scan

Finish = Callable[[NDArray[np.uint8], list[Line], np.random.Generator], Picture]


@dataclass(frozen=True)
class LineCrop:
    """What one crop says, how it is set, and what happened to it afterwards."""

    name: str
    description: str
    text: str
    kind: Type
    paper: Colour = (255, 255, 255)
    margin: int = 10
    finish: Finish | None = None
    allow_rare: bool = False

    @property
    def statement(self) -> str:
        """The description, and which characters of the text the starter dictionary cannot spell."""
        unknown = [character for character in dict.fromkeys(self.text) if character not in KNOWN]
        spelled = f"; the starter dictionary cannot spell {', '.join(unknown)}" if unknown else ""
        return self.description + spelled

    def draw(self, rng: np.random.Generator) -> Canvas:
        """The line on a canvas that just holds it."""
        size = self.kind.size
        wide = Canvas((int(self.kind.width(self.text)) + 4 * size, 4 * size), self.paper, self.allow_rare)
        wide.text(2 * size, 2.5 * size, self.text, self.kind)
        (line,) = wide.lines
        left, top = line.outline_xy.min(axis=0) - self.margin
        right, bottom = line.outline_xy.max(axis=0) + self.margin
        wide.image = wide.image.crop((int(left), int(top), int(right), int(bottom)))
        wide.lines = [Line(line.outline_xy - (int(left), int(top)), line.text)]
        return wide


def _shrink(image: NDArray[np.uint8], lines: list[Line], rng: np.random.Generator) -> Picture:
    """A third of the size, as in a thumbnail or an old screen capture."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 3, height // 3), interpolation=cv2.INTER_AREA)
    ratio = np.array([small.shape[1] / width, small.shape[0] / height])
    return np.asarray(small, np.uint8), [Line(line.outline_xy * ratio, line.text) for line in lines]


def _slant(image: NDArray[np.uint8], lines: list[Line], rng: np.random.Generator) -> Picture:
    """A shear of 14 degrees, as word processors make italics of Korean faces; the quad stays upright."""
    height, width = image.shape[:2]
    shear = np.tan(np.radians(14))
    extra = int(np.ceil(shear * height))
    (line,) = lines
    base = float(line.outline_xy[:, 1].max())
    matrix = np.array([[1, -shear, shear * base], [0, 1, 0]], np.float64)
    slanted = cv2.warpAffine(
        image, matrix, (width + extra, height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255)
    )
    dark = np.argwhere(np.asarray(slanted).min(axis=2) < 200)
    (y0, x0), (y1, x1) = dark.min(axis=0), dark.max(axis=0) + 1
    return np.asarray(slanted, np.uint8), [
        Line.around((float(x0), float(y0), float(x1), float(y1)), line.text)
    ]


def _scanned(image: NDArray[np.uint8], lines: list[Line], rng: np.random.Generator) -> Picture:
    tilted, moved = rotate(image, lines, 0.8)
    return scan(tilted, rng, 70, 200, noise=16.0), moved


BATANG = Type("Baekmuk Batang", 38)
SCREEN: Colour = (22, 28, 44)

LINE_CROPS = (
    LineCrop("spacing", "a learner's sentence whose wrong spacing must be kept as written",
             "리에 씨가 자기는돈이 많이있는다고 했어요", BATANG),
    LineCrop("textbook", "a long line of a textbook",
             "식물은 햇빛을 받아 이산화탄소와 물로 양분을 만들고, 이때 생긴 산소를 잎의 기공을 통해 밖으로 내보낸다.",
             Type("Noto Serif CJK KR", 34)),
    LineCrop("price", "a price with a won sign, a percentage and brackets",
             "판매가 ₩1,284,900 (정가 ₩1,690,000, 24% 할인)", Type("NanumSquare", 40, "Bold", (170, 30, 36))),
    LineCrop("date", "a date with weekday and time", "2026년 11월 22일(일) 오후 3:45", Type("Baekmuk Dotum", 36)),
    LineCrop("phone", "telephone and fax numbers", "대표전화 1588-0042 / 팩스 02-555-0196 (내선 3번)", Type("UnDotum", 34)),
    LineCrop("mixed_english", "Korean, English, version numbers and an e-mail address in one line",
             "Python 3.12에서 pip install 후 support@hangeul.example로 메일 주세요", Type("NanumSquare", 36)),
    LineCrop("marks", "brackets and marks of Korean documents",
             "※「국어 기본법」제3조 → 별표 ① 참조, ‘한글’ · “말뭉치” … ○표", BATANG),
    LineCrop("low_resolution", "letters about 13 pixels high", "저해상도 화면에서 갈무리한 글자는 획이 서로 달라붙는다",
             Type("Baekmuk Dotum", 42), finish=_shrink, margin=12),
    LineCrop("light_on_dark", "light letters on a dark screen", "지하 2층 주차장 만차, 별관을 이용해 주세요",
             Type("NanumSquare", 42, "ExtraBold", (250, 214, 90)), paper=SCREEN),
    LineCrop("italic", "letters slanted by 14 degrees", "그날 밤 바다는 유난히 조용하고 맑았다.",
             Type("Noto Serif CJK KR", 42), finish=_slant, margin=14),
    LineCrop("rare_syllables", "rare syllables",
             "아햏햏, 똠얌꿍, 뷁, 펲시, 쓩쓩, 믜운, 쨕쨕", Type("Noto Serif CJK KR", 42), allow_rare=True),
    LineCrop("noisy_scan", "a tilted, grainy grey scan", "위 학생은 품행이 바르고 맡은 일을 성실히 하였기에 상장을 줍니다.",
             Type("Baekmuk Gulim", 36), finish=_scanned, margin=16),
    LineCrop("address", "a road name address with a postal code", "(10414) 경기도 온새시 물빛로118번길 27-4, 302호 (나루동, 햇살빌라)",
             Type("UnDotum", 34)),
    LineCrop("receipt_item", "a row of a till slip, set close enough to be one line", "아메리카노(ICE) L 4,500 x 2 = 9,000",
             Type("D2Coding", 34, fill=(60, 58, 66)), paper=(247, 246, 242)),
    LineCrop("headline", "a heavy display face", "올가을 가장 큰 보름달 뜬다", Type("Baekmuk Headline", 60)),
    LineCrop("handwriting_face", "a face that imitates a pen", "엄마, 늦을 것 같아요. 저녁 먼저 드세요!",
             Type("Nanum Pen Script", 56, fill=(24, 36, 110))),
    LineCrop("units", "measures with unit signs", "실내 온도 23.5℃, 전용 면적 84.9㎡, 무게 12㎏, 높이 175㎝ ± 2㎜",
             Type("UnDotum", 34)),
    LineCrop("wide_tracking", "a title set with space inside words, written as its reader would", "졸업을 축하합니다",
             Type("UnGungseo", 52, tracking=14.0)),
)  # fmt: skip

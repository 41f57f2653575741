"""Line images of the benchmark: font families kept out of training, clean and degraded.

Nothing here is shared with the training's renderer: whole strings are drawn at once with the font's own
advances and kerning, on an RGB page, and cut out with small margins as a detector cuts them. Degraded lines
get two or three of six effects, of a strength at which a person still reads every line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.recognition_texts import KINDS, texts_of
from training.alphabet import MARKS
from training.fonts import KEPT_OUT, face

QUALITIES = ("clean", "degraded")
EFFECTS = ("low resolution", "blur", "noise", "jpeg", "perspective", "low contrast")
EM_PIXELS = (24, 44)
LOW_EM_PIXELS = (15, 20)
OVERSAMPLING = (
    3  # low resolution is sampled down from a larger drawing, as a scanner does; it has no font hinting
)

ImageBGR = NDArray[np.uint8]


@dataclass(frozen=True)
class BenchmarkLine:
    """One line: ``image_bgr`` uint8 (H, W, 3); ``text`` NFC; ``effects`` empty where the line is clean."""

    kind: str
    quality: str
    family: str
    text: str
    effects: tuple[str, ...]
    image_bgr: ImageBGR


@cache
def can_draw(family: str, character: str) -> bool:
    """Whether the family has a visible glyph for the character that is not its "missing" glyph."""
    font = face(KEPT_OUT[family])
    if character == " ":
        return True
    if ord(character) not in font.characters:
        return False
    glyph, missing = (font.sized(40).getmask(sample, mode="L") for sample in (character, "\U0010ffff"))
    return glyph.getbbox() is not None and bytes(glyph) != bytes(missing)


def drawable_marks() -> list[str]:
    """The marks of the dictionary that at least one kept-out family draws."""
    return [mark for mark in MARKS if any(can_draw(family, mark) for family in KEPT_OUT)]


def make_lines(per_kind: int, seed: int = 0, kinds: Sequence[str] = KINDS) -> Iterator[BenchmarkLine]:
    """Yield ``per_kind`` texts of each kind, each once clean and once degraded; the same for the same seed.

    Families take turns; a line goes to the next family that has all its characters.

    Raises:
        FileNotFoundError: a font is not installed; names Debian's packages.

    """
    marks = drawable_marks()
    for kind in kinds:
        for number, text in enumerate(texts_of(kind, per_kind, seed, marks)):
            for quality in QUALITIES:
                # The degraded copy is set in another family than the clean one: more pairs of text and face.
                turn = number + (3 if quality == "degraded" else 0)
                rng = np.random.default_rng([seed, KINDS.index(kind), QUALITIES.index(quality), number])
                yield draw_line(kind, quality, _family_for(text, turn), text, rng)


def _family_for(text: str, turn: int) -> str:
    families = list(KEPT_OUT)
    for k in range(len(families)):
        family = families[(turn + k) % len(families)]
        if all(can_draw(family, character) for character in text):
            return family
    raise ValueError(f"no kept-out family draws every character of {text!r}; take a mark out of the line")


def draw_line(kind: str, quality: str, family: str, text: str, rng: np.random.Generator) -> BenchmarkLine:
    """Draw one line, clean (black on white) or degraded."""
    if quality == "clean":
        em = int(rng.integers(EM_PIXELS[0], EM_PIXELS[1] + 1))
        page = _page(text, family, em, ink=(0, 0, 0), paper=(255, 255, 255))
        return BenchmarkLine(kind, quality, family, text, (), _cut(page, em, rng))
    chosen = rng.choice(len(EFFECTS), size=int(rng.integers(2, 4)), replace=False)
    effects = tuple(EFFECTS[k] for k in sorted(chosen))
    return BenchmarkLine(kind, quality, family, text, effects, _degraded(text, family, effects, rng))


def _degraded(text: str, family: str, effects: Sequence[str], rng: np.random.Generator) -> ImageBGR:
    low, high = LOW_EM_PIXELS if "low resolution" in effects else EM_PIXELS
    em = int(rng.integers(low, high + 1))
    drawn_em = em * OVERSAMPLING if "low resolution" in effects else em
    ink, paper = _faded(rng) if "low contrast" in effects else ((0, 0, 0), (255, 255, 255))
    page = _page(text, family, drawn_em, ink, paper)
    if "perspective" in effects:
        page = _tilt(page, drawn_em, paper, rng)
    if "low resolution" in effects:
        size_wh = (page.shape[1] // OVERSAMPLING, page.shape[0] // OVERSAMPLING)
        page = np.asarray(cv2.resize(page, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    # Where the ink is must be measured before blur and noise hide it.
    box = _ink_box(page, em, rng)
    after: dict[str, Callable[[ImageBGR], ImageBGR]] = {
        "blur": lambda image: np.asarray(
            cv2.GaussianBlur(image, (0, 0), em * rng.uniform(0.02, 0.045)), np.uint8
        ),
        "noise": lambda image: _grain(image, rng.uniform(5, 14), rng),
    }
    for name, effect in after.items():
        page = effect(page) if name in effects else page
    page = _crop(page, box)
    # A person cannot make out the strokes of a small syllable under the blocks of JPEG at quality 25.
    lowest = 40 if "low resolution" in effects else 25
    return _jpeg(page, int(rng.integers(lowest, 61))) if "jpeg" in effects else page


def _page(
    text: str, family: str, em: int, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> ImageBGR:
    """The text on a page with room for tilting, uint8 (H, W, 3)."""
    font = face(KEPT_OUT[family]).sized(em)
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    room = 1.5 * em
    size_wh = (int(right - left + 2 * room), int(bottom - top + 2 * room))
    page = Image.new("RGB", size_wh, paper)
    ImageDraw.Draw(page).text((room - left, room - top), text, fill=ink, font=font, anchor="ls")
    return np.ascontiguousarray(np.asarray(page)[:, :, ::-1])


def _faded(rng: np.random.Generator) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Grey ink on tinted paper, RGB: 90 to 140 levels apart."""
    paper = rng.uniform(175, 235) + np.array([rng.uniform(0, 10), 0.0, -rng.uniform(0, 14)])
    ink = paper.mean() - rng.uniform(90, 140) + rng.uniform(-6, 6, 3)
    red, green, blue = (int(value) for value in np.clip(paper, 0, 255))
    return tuple(int(value) for value in np.clip(ink, 0, 255)), (red, green, blue)  # type: ignore[return-value]


def _tilt(page: ImageBGR, em: int, paper: tuple[int, int, int], rng: np.random.Generator) -> ImageBGR:
    """Slight perspective, as where a detector's quad is not quite right: corners move by 0.1 em."""
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    rise = rng.uniform(-0.08, 0.08) * em
    moved = corners + np.array([[0, rise], [0, -rise], [0, -rise], [0, rise]], np.float32)
    moved += rng.uniform(-0.1, 0.1, (4, 2)).astype(np.float32) * em
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    border = tuple(float(value) for value in reversed(paper))
    return np.asarray(cv2.warpPerspective(page, matrix, (width, height), borderValue=border), np.uint8)


def _grain(image: ImageBGR, sigma: float, rng: np.random.Generator) -> ImageBGR:
    """Gaussian noise: mostly brightness, a little colour."""
    shared = rng.normal(0, sigma, (*image.shape[:2], 1))
    coloured = rng.normal(0, 0.4 * sigma, image.shape)
    return np.clip(image + shared + coloured, 0, 255).astype(np.uint8)


def _jpeg(image: ImageBGR, quality: int) -> ImageBGR:
    done, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not write a JPEG of an image with shape {image.shape}")
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _ink_box(page: ImageBGR, em: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the ink plus a detector's margins, inside the page."""
    grey = page.min(axis=2).astype(np.int16)
    darkness = grey[0, 0] - grey  # the page's corner is bare paper
    marked = darkness > max(12, 0.25 * int(darkness.max()))
    ink_y, ink_x = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    above, below = rng.uniform(0.06, 0.24, 2) * em
    before, behind = rng.uniform(0.08, 0.4, 2) * em
    height, width = grey.shape
    return (
        max(0, round(ink_x[0] - before)),
        max(0, round(ink_y[0] - above)),
        min(width, round(ink_x[-1] + 1 + behind)),
        min(height, round(ink_y[-1] + 1 + below)),
    )


def _crop(page: ImageBGR, box: tuple[int, int, int, int]) -> ImageBGR:
    left, top, right, bottom = box
    return np.ascontiguousarray(page[top:bottom, left:right])


def _cut(page: ImageBGR, em: int, rng: np.random.Generator) -> ImageBGR:
    return _crop(page, _ink_box(page, em, rng))

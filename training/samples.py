"""Make the Korean sample documents with their ground truth: ``python -m training.samples [--only NAME ...]``.

Every sample is drawn from its own seed, so the same command writes the same bytes as long as fonts, Pillow
and OpenCV stay the same. The files and their format are described in data/README.md.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.sample_canvas import Canvas, Line
from training.sample_effects import Picture, curl, photograph, quad_of, rotate, scan, turn
from training.sample_fonts import FontMissingError, missing_packages
from training.sample_pages import home, money, office, press, science
from training.sample_pages.line_crops import LINE_CROPS

DPI = 150
Effect = Callable[[NDArray[np.uint8], list[Line], np.random.Generator], Picture]
Draw = Callable[[np.random.Generator], Canvas | list[Canvas]]


@dataclass(frozen=True)
class Sample:
    """One document: file name with suffix, what it shows, how it is drawn and what befell it afterwards."""

    file: str
    description: str
    draw: Draw
    seed: int
    effect: Effect | None = None
    clockwise: int = 0  # degrees by which the page was turned

    @property
    def truth_file(self) -> str:
        """The ground truth's name, beside the image."""
        return str(Path(self.file).with_suffix(".json"))


def _scan(image: NDArray[np.uint8], lines: list[Line], rng: np.random.Generator) -> Picture:
    skewed, moved = rotate(image, lines, -0.7)
    return scan(skewed, rng, dark=128, bright=196), moved


def _photograph(image: NDArray[np.uint8], lines: list[Line], rng: np.random.Generator) -> Picture:
    corners = [(196, 118), (1236, 166), (1398, 1716), (70, 1664)]
    return photograph(image, lines, rng, corners, (1460, 1820))


def _turned(clockwise: int) -> Effect:
    return lambda image, lines, rng: turn(image, lines, clockwise)


PAGES = (
    Sample("notice.png", "a notice of lift works in a block of flats", office.notice, 1),
    Sample("receipt.png", "a thermal till receipt whose sums are right", money.receipt, 2),
    Sample(
        "form_with_table.png",
        "a course application, filled in, with ticked boxes and a fee table",
        money.form,
        3,
    ),
    Sample("newsletter_two_columns.png", "a neighbourhood newsletter in two columns", press.newsletter, 4),
    Sample("mixed.png", "release notes mixing Korean, English, numbers, units and code", science.mixed, 5),
    Sample("small_print.png", "a manual sheet set in 14-pixel type in three columns", press.small_print, 6),
    Sample(
        "low_contrast_scan.jpg",
        "an old circular, faded, skewed by 0.7 degrees and dusty",
        office.circular,
        7,
        _scan,
    ),
    Sample(
        "photographed.jpg",
        "a class handout on a desk, with perspective and shadow",
        home.handout,
        8,
        _photograph,
    ),
    Sample("curved.jpg", "a book page that bends towards its spine", home.book_page, 9, curl),
    Sample("minutes.png", "minutes of a meeting with two tables", office.minutes, 10),
    Sample(
        "turned_90.png", "a school's letter, turned by 90 degrees", home.school_letter, 11, _turned(90), 90
    ),
    Sample("turned_180.png", "a recipe card, upside down", home.recipe, 12, _turned(180), 180),
    Sample("turned_270.png", "a bus timetable, turned by 270 degrees", home.timetable, 13, _turned(270), 270),
    Sample("report_three_pages.pdf", "a research report in three scanned pages", science.report, 14),
)
LINES = tuple(
    Sample(f"lines/{crop.name}.png", crop.statement, crop.draw, 100 + k, crop.finish)
    for k, crop in enumerate(LINE_CROPS)
)
SAMPLES = PAGES + LINES


def make(sample: Sample, folder: Path) -> None:
    """Write the sample's image and ground truth under folder (made where absent)."""
    rng = np.random.default_rng(sample.seed)
    drawn = sample.draw(rng)
    canvases = drawn if isinstance(drawn, list) else [drawn]
    pictures = [_finish(canvas, sample.effect, rng) for canvas in canvases]
    path = folder / sample.file
    path.parent.mkdir(parents=True, exist_ok=True)
    _save([Image.fromarray(image) for image, _ in pictures], path)
    truth: dict[str, object] = {"image": path.name}
    pages = [_page_truth(image, lines) for image, lines in pictures]
    if path.suffix == ".pdf":
        truth |= {"dpi": DPI, "pages": pages}
    else:
        truth |= {"turned_clockwise": sample.clockwise} | pages[0]
    fonts = sorted(set().union(*(canvas.fonts for canvas in canvases)))
    truth["made_with"] = {"fonts": fonts, "seed": sample.seed, "description": sample.description}
    (folder / sample.truth_file).write_text(_as_json(truth), encoding="utf-8")


def _finish(canvas: Canvas, effect: Effect | None, rng: np.random.Generator) -> Picture:
    image = np.asarray(canvas.image, np.uint8)
    return effect(image, canvas.lines, rng) if effect else (image, canvas.lines)


def _page_truth(image: NDArray[np.uint8], lines: Sequence[Line]) -> dict[str, object]:
    height, width = image.shape[:2]
    rows = []
    for order, line in enumerate(lines):
        quad = [[round(float(x), 1), round(float(y), 1)] for x, y in quad_of(line.outline_xy)]
        row: dict[str, object] = {"order": order, "text": line.text, "quad": quad}
        if len(line.outline_xy) > 4:
            row["outline"] = np.round(line.outline_xy, 1).tolist()
        rows.append(row)
    return {"width": width, "height": height, "lines": rows}


def _as_json(truth: dict[str, object]) -> str:
    """JSON with one text line per row, so that a change reads well in a diff."""
    dump = partial(json.dumps, ensure_ascii=False)

    def block(page: dict[str, object], indent: str) -> str:
        lines = ",\n".join(f"{indent}  {dump(line)}" for line in page["lines"])  # type: ignore[attr-defined]
        listed = f'"lines": [\n{lines}\n{indent}]'
        items = [listed if key == "lines" else f"{dump(key)}: {dump(value)}" for key, value in page.items()]
        return ",\n".join(indent + item for item in items)

    if "pages" not in truth:
        return "{\n" + block(truth, "  ") + "\n}\n"
    blocks = ["    {\n" + block(page, "      ") + "\n    }" for page in truth["pages"]]  # type: ignore[attr-defined]
    listed = '"pages": [\n' + ",\n".join(blocks) + "\n  ]"
    items = [listed if key == "pages" else f"{dump(key)}: {dump(value)}" for key, value in truth.items()]
    return "{\n" + ",\n".join("  " + item for item in items) + "\n}\n"


def _save(images: Sequence[Image.Image], path: Path) -> None:
    """PNG with as few colours as the page needs, JPEG for photographs, PDF of one picture per page."""
    if path.suffix == ".pdf":
        # No dates in the file, or no two runs would write the same bytes.
        dates = {"creationDate": None, "modDate": None}
        images[0].save(path, save_all=True, append_images=images[1:], resolution=DPI, quality=72, **dates)
    elif path.suffix == ".jpg":
        images[0].save(path, quality=80, optimize=True, dpi=(DPI, DPI))
    else:
        _fewer_colours(images[0]).save(path, optimize=True, dpi=(DPI, DPI))


def _fewer_colours(image: Image.Image) -> Image.Image:
    channels = np.asarray(image, np.int16)
    if np.ptp(channels, axis=2).max() <= 6:
        return image.convert("L").point([min(255, 8 * round(v / 8)) for v in range(256)])
    return image.quantize(96, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all samples, or those whose file name holds one of the given words."""
    parser = argparse.ArgumentParser(prog="python -m training.samples", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("data/samples"), help="folder to write to")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="samples whose file name holds NAME"
    )
    options = parser.parse_args(arguments)
    if packages := missing_packages():
        print(f"fonts are missing: run `apt-get install {' '.join(packages)}`", file=sys.stderr)
        return 1
    chosen = [s for s in SAMPLES if not options.only or any(word in s.file for word in options.only)]
    if not chosen:
        names = ", ".join(sample.file for sample in SAMPLES)
        print(f"no sample is named like {options.only}; there are {names}", file=sys.stderr)
        return 2
    for sample in chosen:
        try:
            make(sample, options.out)
        except FontMissingError as error:
            print(f"{sample.file}: {error}", file=sys.stderr)
            return 1
        print(f"{sample.file}: {(options.out / sample.file).stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

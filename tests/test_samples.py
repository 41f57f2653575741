"""The committed samples agree with their ground truth, and the generator refuses bad ones."""

import json
from pathlib import Path
from typing import Any
from unicodedata import is_normalized

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.text import unsupported_characters
from training.alphabet import dictionary
from training.fonts import TRAINING
from training.sample_canvas import Canvas, Line, SampleTextError, Type
from training.sample_effects import quad_of, rotate, turn
from training.sample_fonts import HELD_OUT, FontMissingError, GlyphMissingError, find_face, missing_packages
from training.samples import LINES, SAMPLES, main, make

FOLDER = Path(__file__).parents[1] / "data" / "samples"
MODEL = FOLDER.parent / "starter_models" / "korean_PP-OCRv5_mobile_rec"
TRUTHS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.json"))
FLAT = [
    name
    for name in TRUTHS
    if Path(name).stem not in {"low_contrast_scan", "photographed", "curved", "noisy_scan"}
]
REQUIRED = (
    *(f"{name}.png" for name in ("notice", "receipt", "form_with_table", "newsletter_two_columns", "mixed")),
    *(f"{name}.png" for name in ("small_print", "turned_90", "turned_180", "turned_270")),
    *(f"{name}.jpg" for name in ("low_contrast_scan", "photographed", "curved")),
    "report_three_pages.pdf",
)


def needs_fonts() -> None:
    """Skip where Debian's fonts are absent, saying what to install."""
    if packages := missing_packages():
        pytest.skip(f"apt-get install {' '.join(packages)}")


def pages_of(name: str) -> list[tuple[NDArray[np.uint8], dict[str, Any]]]:
    """(grey image uint8 (H, W), page of the ground truth) for each page of one sample."""
    truth = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    path = (FOLDER / name).parent / truth["image"]
    if path.suffix != ".pdf":
        return [(np.asarray(Image.open(path).convert("L")), truth)]
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        images = [np.asarray(page.render(scale=truth["dpi"] / 72).to_pil().convert("L")) for page in document]
    assert len(images) == len(truth["pages"])
    return list(zip(images, truth["pages"], strict=True))


def test_what_the_issue_asks_for_is_there() -> None:
    assert all((FOLDER / name).is_file() for name in REQUIRED)
    assert len(list((FOLDER / "lines").glob("*.png"))) >= 12
    (line,) = json.loads((FOLDER / "lines/spacing.json").read_text(encoding="utf-8"))["lines"]
    assert line["text"] == "리에 씨가 자기는돈이 많이있는다고 했어요"


def test_every_sample_has_its_truth_and_every_truth_its_sample() -> None:
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == {name for sample in SAMPLES for name in (sample.file, sample.truth_file)}
    assert sum((FOLDER / name).stat().st_size for name in files) <= 8 * 2**20


@pytest.mark.parametrize("name", TRUTHS)
def test_truth_fits_its_image(name: str) -> None:
    for image, page in pages_of(name):
        assert image.shape == (page["height"], page["width"])
        assert sorted(line["order"] for line in page["lines"]) == list(range(len(page["lines"])))
        for line in page["lines"]:
            quad = np.array(line["quad"])
            assert quad.shape == (4, 2)
            assert (quad >= 0).all() and (quad <= [page["width"], page["height"]]).all()
            edges = np.roll(quad, -1, axis=0) - quad
            following = np.roll(edges, -1, axis=0)
            turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
            assert (turns > 0).all(), f"{line['text']} is not convex and clockwise"
            assert line["text"] and is_normalized("NFC", line["text"]) and "  " not in line["text"]
            known = {*dictionary(), " "}
            assert set(line["text"]) <= known or name == "lines/rare_syllables.json"


@pytest.mark.parametrize("name", TRUTHS)
def test_ink_is_inside_the_quads(name: str) -> None:
    for image, page in pages_of(name):
        ratios = []
        for line in page["lines"]:
            shape = line.get("outline", line["quad"])
            inner = np.zeros(image.shape, np.uint8)
            cv2.fillPoly(inner, [np.round(np.array(shape)).astype(np.int32)], (255,))
            outer = cv2.dilate(inner, np.ones((9, 9), np.uint8)) - cv2.dilate(
                inner, np.ones((3, 3), np.uint8)
            )
            inside, around = float(image[inner > 0].std()), image[outer > 0]
            assert inside > 9, f"nothing is written in the quad of {line['text']!r}"
            ratios.append(inside / (float(around.std()) + 1) if around.size else np.inf)
        assert np.mean(np.array(ratios) > 1.5) > 0.9, "text runs out of its quads"


@pytest.mark.parametrize("name", FLAT)
def test_quads_of_flat_pages_hug_their_ink_and_keep_apart(name: str) -> None:
    for image, page in pages_of(name):
        covered = np.zeros(image.shape, np.uint8)
        for line in page["lines"]:
            quad = np.array(line["quad"])
            (x0, y0), (x1, y1) = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
            crop = image[y0:y1, x0:x1].astype(int)
            contrast = np.abs(crop - int(np.median(np.concatenate([crop[0], crop[-1]]))))
            rows, columns = np.nonzero(contrast > 0.3 * contrast.max())
            gaps = (
                rows.min(),
                columns.min(),
                crop.shape[0] - 1 - rows.max(),
                crop.shape[1] - 1 - columns.max(),
            )
            assert max(gaps) <= 5, f"the quad of {line['text']!r} is loose by {gaps} pixels"
            assert not covered[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].any(), (
                f"{line['text']!r} overlaps another line"
            )
            covered[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2] = 1


def test_receipt_adds_up() -> None:
    texts = [
        line["text"] for line in json.loads((FOLDER / "receipt.json").read_text(encoding="utf-8"))["lines"]
    ]
    start, stop = texts.index("금액") + 1, texts.index("면세 물품가액")
    rows = [texts[k : k + 4] for k in range(start, stop, 4)]
    prices, counts, amounts = ([int(row[k].replace(",", "")) for row in rows] for k in (1, 2, 3))
    assert amounts == [price * count for price, count in zip(prices, counts, strict=True)]
    free, net, tax = (int(texts[stop + k].replace(",", "")) for k in (1, 3, 5))
    assert free + net + tax == sum(amounts) and tax == round(net * 0.1)
    assert texts[texts.index("합 계") + 1] == f"{sum(amounts):,}원"


@pytest.mark.parametrize(
    "name", ["lines/date.png", "lines/noisy_scan.png", "receipt.png", "report_three_pages.pdf"]
)
def test_the_same_command_writes_the_same_bytes(name: str, tmp_path: Path) -> None:
    needs_fonts()
    (sample,) = (sample for sample in SAMPLES if sample.file == name)
    for run in ("first", "second"):
        make(sample, tmp_path / run)
    for file in (sample.file, sample.truth_file):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_committed_lines_are_what_the_generator_says_now() -> None:
    needs_fonts()
    for sample in LINES:
        drawn = sample.draw(np.random.default_rng(sample.seed))
        assert isinstance(drawn, Canvas)
        committed = json.loads((FOLDER / sample.truth_file).read_text(encoding="utf-8"))
        assert [line["text"] for line in committed["lines"]] == [line.text for line in drawn.lines]
        assert committed["made_with"]["description"] == sample.description


def test_what_a_sample_says_of_the_dictionary_is_what_the_model_says() -> None:
    for sample in LINES:
        truth = json.loads((FOLDER / sample.truth_file).read_text(encoding="utf-8"))
        texts = [line["text"] for line in truth["lines"]]
        found = [one.character for one in unsupported_characters(texts, MODEL)]
        said = truth["made_with"]["description"].partition("the starter dictionary cannot spell ")[2]
        assert said == ", ".join(found), sample.file
        if found:
            readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
            assert f"cannot spell these six: {said} (쓩 it can)" in " ".join(readme.split())
            assert "쓩" in texts[0]


@pytest.mark.parametrize(
    ("family", "text", "error", "message"),
    [
        ("NanumSquare", "", SampleTextError, "empty"),
        ("NanumSquare", " 앞 빈칸", SampleTextError, "stray spaces"),
        ("NanumSquare", "두  칸", SampleTextError, "stray spaces"),
        ("UnDotum", "뷁", SampleTextError, "dictionary"),
        ("Noto Serif CJK KR", "漢字", SampleTextError, "dictionary"),
        ("NanumSquare", "쨕", GlyphMissingError, "쨕"),
        ("Baekmuk Batang", "₩500", GlyphMissingError, "₩"),
        ("Baekmuk Dotum", "3~5", GlyphMissingError, "~"),
        ("Comic Neue", "글", FontMissingError, "none of the samples' families"),
    ],
)
def test_unfit_text_is_refused(family: str, text: str, error: type[OcrHelpersError], message: str) -> None:
    needs_fonts()
    with pytest.raises(error, match=message):
        Canvas((300, 100)).text(10, 60, text, Type(family, 30))


@pytest.mark.parametrize("family", HELD_OUT)
def test_held_out_families_were_never_trained_on(family: str) -> None:
    needs_fonts()
    assert find_face(family)[0].stem not in TRAINING


def test_a_missing_style_names_the_package() -> None:
    needs_fonts()
    with pytest.raises(FontMissingError, match="apt-get install fonts-baekmuk"):
        find_face("Baekmuk Batang", "Black")


@pytest.mark.parametrize(
    ("clockwise", "size", "first", "pixel"),
    [
        (90, (60, 40), (50, 10), (3, 58)),
        (180, (40, 60), (30, 50), (58, 36)),
        (270, (60, 40), (10, 30), (36, 1)),
    ],
)
def test_turning_carries_lines_along(
    clockwise: int, size: tuple[int, int], first: tuple[int, int], pixel: tuple[int, int]
) -> None:
    image = np.zeros((60, 40, 3), np.uint8)
    image[1, 3] = 255
    line = Line(np.array([(10.0, 10.0), (30.0, 10.0), (30.0, 20.0), (10.0, 20.0)]), "글")
    turned, (moved,) = turn(image, [line], clockwise)
    assert turned.shape[1::-1] == size
    assert tuple(moved.outline_xy[0]) == first
    assert turned[pixel].all() and np.count_nonzero(turned) == 3
    assert line.outline_xy[0].tolist() == [10, 10]


def test_skew_moves_the_quad_with_its_ink() -> None:
    image = np.full((200, 400, 3), 255, np.uint8)
    image[90:110, 50:350] = 0
    line = Line(np.array([(50.0, 90.0), (350.0, 90.0), (350.0, 110.0), (50.0, 110.0)]), "글")
    skewed, (moved,) = rotate(image, [line], 4.0)
    assert moved.outline_xy[1, 1] > moved.outline_xy[0, 1]  # clockwise: the right end sinks
    mask = np.zeros((200, 400), np.uint8)
    cv2.fillPoly(mask, [np.round(moved.outline_xy).astype(np.int32)], (255,))
    assert skewed[..., 0][cv2.erode(mask, np.ones((5, 5))) > 0].max() < 60
    assert skewed[..., 0][cv2.dilate(mask, np.ones((5, 5))) == 0].min() > 200


def test_a_bent_outline_gets_a_clockwise_rectangle_from_its_top_left() -> None:
    x = np.linspace(0, 100, 11)
    upper = np.stack([x, 20 - x * 0.1], axis=1)
    outline = np.concatenate([upper, (upper + np.array([1, 10]))[::-1]])
    np.testing.assert_allclose(quad_of(outline), [(0, 20), (100, 10), (101, 20), (1, 30)], atol=0.2)


def test_an_unknown_sample_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_fonts()
    assert main(["--only", "nothing_like_it", "--out", str(tmp_path)]) == 2
    assert "notice.png" in capsys.readouterr().err

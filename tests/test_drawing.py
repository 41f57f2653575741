"""Figures of results: what stands in them, what a notebook shows, and what is refused."""

import base64
import copy
import io
import re
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.style
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from nbclient import NotebookClient
from PIL import Image

from ocr_helpers.drawing import ExpectedTextError, PageImageError, UnknownResultError, show_line, show_page
from ocr_helpers.figures import score_color
from ocr_helpers.figures.lettering import align, cells_of, text_width, wrap

Result = dict[str, Any]


def line(text: str = "한국어 문장", score: float = 0.97, size: tuple[int, int] = (48, 320)) -> Result:
    return {"input_img": np.full((*size, 3), 230, np.uint8), "rec_text": text, "rec_score": score}


def page(
    count: int, size: tuple[int, int] = (1400, 1000), text: str = "본문 {}번", score: float = 0.95
) -> Result:
    height, width = size
    tops = np.linspace(20, height - 30, max(count, 1))[:count]
    quads = [np.array([[60, y], [width - 60, y], [width - 60, y + 20], [60, y + 20]], np.int16) for y in tops]
    return {
        "doc_preprocessor_res": {"output_img": np.full((height, width, 3), 250, np.uint8)},
        "dt_polys": quads,
        "rec_polys": quads,
        "rec_texts": [text.replace("{}", str(number)) for number in range(1, count + 1)],
        "rec_scores": [score] * count,
    }


def detection(count: int) -> Result:
    whole = page(count)
    image = whole["doc_preprocessor_res"]["output_img"]
    return {"input_img": image, "dt_polys": np.array(whole["dt_polys"]), "dt_scores": whole["rec_scores"]}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def picture(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return Image.open(buffer)


LINES: dict[str, Any] = {
    "no lines": [],
    "one line": line(),
    "a list of one": [line()],
    "twelve lines": [line(f"{number}번째 줄", number / 12) for number in range(12)],
    "nothing read": line("", 0.0),
    "a very long text": line("아주 긴 문장이 " * 60, size=(48, 3000)),
    "one word without spaces": line("가" * 300),
    "a text that goes down": line("세로쓰기", size=(400, 40)),
    "one pixel": line("점", size=(1, 1)),
    "grey": {**line(), "input_img": np.zeros((32, 200), np.uint8)},
    "with alpha": {**line(), "input_img": np.zeros((32, 200, 4), np.uint8)},
    "no score": line(score=float("nan")),
    "marks of TeX": line(r"$x_1^2$ \frac{a}{b} 100% & #5 $"),
    "no glyph": line("々\t\n\u200b\ue000"),
}
PAGES: dict[str, Result] = {
    "empty page": page(0),
    "empty wide page": page(0, (400, 1600)),
    "one text": page(1),
    "sixty texts": page(60),
    "two hundred fifty texts": page(250),
    "wide": page(8, (500, 2000)),
    "narrow": page(12, (2000, 300)),
    "tiny": page(1, (60, 200)),
    "long texts": page(9, text="길고 길며 또 긴 문장 {} " * 12),
    "marks of TeX": page(3, text=r"$\alpha_{}$ 100% \ _ ^ "),
    "no glyph": page(2, text="々\t{}"),
    "detection": detection(70),
    "no detection": {**detection(0), "dt_polys": np.empty((0, 4, 2))},
}


UNREAD: Result = {**page(2)}
UNREAD["dt_polys"] = [*UNREAD["rec_polys"], np.array([[1, 1], [9, 1], [9, 9], [1, 9]], np.int16)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [*LINES, *PAGES])
def test_every_text_stays_inside_the_figure_and_nothing_warns(name: str) -> None:
    figure = show_line(LINES[name]) if name in LINES else show_page(PAGES[name])
    picture(figure)  # lays everything out
    width_px, height_px = figure.get_size_inches() * figure.dpi
    for axes in figure.axes:
        for text in axes.texts:
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= width_px, text
            assert box.y0 >= 0 and box.y1 <= height_px, text
    assert 4 < figure.get_figwidth() <= 10.01


@pytest.mark.parametrize("name", [*LINES, *PAGES])
def test_inputs_are_not_modified(name: str) -> None:
    given = LINES[name] if name in LINES else PAGES[name]
    before = copy.deepcopy(given)
    picture(show_line(given) if name in LINES else show_page(given))
    np.testing.assert_equal(given, before)


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        (lambda: show_line(line()), ["한국어 문장", "0.970"]),
        (lambda: show_line(line("", 0.0)), ["(no text read)", "▼", "0.000"]),
        (lambda: show_line(line(score=0.9996)), ["0.999"]),
        (lambda: show_line(line(score=float("nan"))), ["▼", "none"]),
        (lambda: show_line(line("々ab")), ["[U+3005]ab"]),
        (lambda: show_line(line(r"a\b")), ["a", "\\", "b"]),
        (lambda: show_line(line("$x_1$")), ["$x_1$"]),
        (lambda: show_line(line(unicodedata.normalize("NFD", "한국"))), ["한국"]),
        (lambda: show_line({**line(), "rec_text": ("단어", [["단어"]])}), ["단어"]),
        (lambda: show_line([]), ["No lines: the list of results is empty."]),
        (lambda: show_line([line()] * 5, max_lines=2), ["… and 3 more lines; max_lines=2"]),
        (lambda: show_line([line(), line(score=0.5)]), ["2 lines   ·   ▼ 1 with a score below 0.8"]),
        (lambda: show_line([line(score=0.5)], low_score=0.4), ["1 line"]),
        (lambda: show_page(page(0)), ["No text was found on this page.", "0 texts"]),
        (lambda: show_page(page(3)), ["본문 1번", "본문 3번", "0.95", "3 texts"]),
        (lambda: show_page(page(1, score=0.3)), ["▼ 0.30"]),
        (lambda: show_page(page(250)), ["… and 50 more on the page, not listed; max_texts=200", "250"]),
        (lambda: show_page(detection(2)), ["2 boxes", "0.95"]),
        (lambda: show_page(UNREAD), ["2 texts   ·   1 without a kept text (dotted)"]),
        (lambda: show_page({"res": page(1)}), ["본문 1번"]),
    ],
)  # fmt: skip
def test_what_a_figure_says(figure: Any, shown: list[str]) -> None:
    said = texts(figure())
    assert [text for text in shown if text not in said] == []


def test_every_box_has_its_number_on_the_page_and_in_the_list() -> None:
    said = texts(show_page(page(60)))
    assert all(said.count(str(number)) == 2 for number in range(1, 61))


def test_low_scores_differ_in_more_than_colour() -> None:
    result = page(2)
    result["rec_scores"] = [0.95, 0.6]
    high, low = (patch for patch in show_page(result).axes[1].patches if isinstance(patch, Polygon))
    assert low.get_linestyle() != high.get_linestyle()
    assert low.get_linewidth() > high.get_linewidth()


def test_the_page_axes_take_pixels_of_the_page() -> None:
    figure = show_page(page(3, (1400, 1000)))
    patch = next(patch for patch in figure.axes[1].patches if isinstance(patch, Polygon))
    np.testing.assert_allclose(patch.get_xy()[:4], page(3, (1400, 1000))["rec_polys"][0])
    assert figure.axes[1].get_xlim() == (0, 1000)
    assert figure.axes[1].get_ylim() == (1400, 0)


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_score_colours_stand_out_on_white_and_keep_their_order_without_hue() -> None:
    values = [luminance(score_color(score)) for score in np.linspace(0.5, 1, 11)]
    assert all(1.05 / (value + 0.05) >= 4 for value in values)
    assert all(left > right for left, right in pairwise(values))
    assert score_color(0.1) == score_color(0.5) == score_color(float("nan")) != score_color(0.9)


@pytest.mark.parametrize(
    ("got", "expected", "got_marks", "expected_marks", "distance"),
    [
        ("", "", "", "", 0),
        ("가나", "가나", "..", "..", 0),
        ("", "가", "", "x", 1),
        ("자기는돈이", "자기는 돈이", ".....", "...x..", 1),
        ("가나다", "가라다", ".x.", ".x.", 1),
        ("가가나", "가나", "x..", "..", 1),
        ("abc", "xyz", "xxx", "xxx", 3),
    ],
)
def test_align(got: str, expected: str, got_marks: str, expected_marks: str, distance: int) -> None:
    got_differs, expected_differs, edits = align(got, expected)
    assert edits == distance
    assert "".join(".x"[mark] for mark in expected_differs) == expected_marks
    marks = "".join(".x"[mark] for mark in got_differs)
    assert marks == got_marks or (
        got == "가가나" and marks == ".x."
    )  # either of two equal letters is surplus


def test_expected_text_marks_what_differs() -> None:
    figure = show_line(line("자기는돈이 만타"), expected="자기는 돈이 많다")
    said = texts(figure)
    assert "3 characters differ (boxed)" in said[0]
    assert {"read", "expected", "만타", "␣", "많다"} <= set(said)
    assert "expected" not in texts(show_line(line("같다"), expected=unicodedata.normalize("NFD", "같다")))


@pytest.mark.parametrize(
    ("text", "width", "most", "broken"),
    [
        ("", 1.0, 3, [""]),
        ("짧다", 1.0, 3, ["짧다"]),
        ("하나 둘 셋 넷 다섯", 0.5, 9, ["하나 둘 ", "셋 넷 ", "다섯"]),
        ("가나다라마바사아자차", 0.75, 9, ["가나다라마바", "사아자차"]),
        ("가나다라마바사아자차카타파하", 0.75, 2, ["가나다라마바", "사아자차카…"]),
        ("가", 0.01, 3, ["가"]),
    ],
)
def test_wrap(text: str, width: float, most: int, broken: list[str]) -> None:
    lines = wrap(cells_of(text), width, 9.0, most)
    assert ["".join(cell.glyphs for cell in line) for line in lines] == broken
    if width > 0.1:
        assert all(text_width("".join(c.glyphs for c in row).rstrip(), 9.0) <= width for row in lines)


BARE: Result = {**page(1), "doc_preprocessor_res": {}}
SMALL_PAGE = np.zeros((9, 9, 3), np.uint8)
REFUSED: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "text": (show_line, ("한국어",), {}, UnknownResultError, "got str"),
    "no text": (
        show_line,
        ({"input_img": 0},),
        {},
        UnknownResultError,
        r"no rec_text, rec_score .*input_img",
    ),
    "page as line": (show_line, (page(1),), {}, UnknownResultError, "no input_img"),
    "line as page": (show_page, (line(),), {}, UnknownResultError, "no rec_polys"),
    "list as page": (show_page, ([page(1)],), {}, UnknownResultError, "got list"),
    "none": (show_page, (None,), {}, UnknownResultError, "got NoneType"),
    "float image": (show_line, (line() | {"input_img": np.zeros((4, 4))},), {}, PageImageError, "float64"),
    "empty crop": (show_line, (line(size=(0, 9)),), {}, PageImageError, r"\(0, 9, 3\)"),
    "no picture": (show_page, (BARE,), {}, PageImageError, r"show_page\(result, page\)"),
    "other page": (show_page, (page(1), SMALL_PAGE), {}, PageImageError, r"\(9, 9\).*\(1400, 1000\)"),
    "path as page": (show_page, (BARE, "a.png"), {}, PageImageError, "page is str"),
    "uneven": (show_page, (page(2) | {"rec_texts": ["하나"]},), {}, UnknownResultError, "'rec_texts': 1"),
    "flat box": (show_page, (page(1) | {"rec_polys": [[1, 2]]},), {}, UnknownResultError, r"shape \(2,\)"),
    "too few": (show_line, ([line()] * 2,), {"expected": ["하나"]}, ExpectedTextError, "2 lines but 1"),
    "one for two": (show_line, ([line()] * 2,), {"expected": "하나"}, ExpectedTextError, "2 lines but 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    show, arguments, options, error, says = REFUSED[name]
    with pytest.raises(error, match=says):
        show(*arguments, **options)


def test_a_page_given_apart_is_drawn() -> None:
    class Page:
        image_bgr = np.full((1400, 1000, 3), (255, 0, 0), np.uint8)

    bare = {key: value for key, value in page(0).items() if key != "doc_preprocessor_res"}
    for given in (Page(), Page.image_bgr):
        shown = np.asarray(picture(show_page(bare, given)).convert("RGB"))
        assert (shown == (0, 0, 255)).all(axis=2).sum() > 100_000  # BGR in, blue on the picture


@pytest.mark.parametrize("style", ["dark_background", "ggplot"])
def test_the_users_style_neither_enters_nor_is_changed(style: str) -> None:
    plain = picture(show_page(page(3))).convert("RGB")
    with matplotlib.style.context(style):
        before = dict(matplotlib.rcParams)
        styled = picture(show_page(page(3))).convert("RGB")
        assert dict(matplotlib.rcParams) == before
    assert plain.getpixel((2, 2)) == (255, 255, 255)
    assert plain.tobytes() == styled.tobytes()


NOTEBOOKS = {
    "alone": ["pass", "figure"],
    "pyplot imported": ["import matplotlib.pyplot as plt", "figure"],
    "inline asked for": ["%matplotlib inline", "figure"],
    "displayed": ["import matplotlib.pyplot as plt", "display(figure)"],
    "dark style": ["import matplotlib.pyplot as plt; plt.style.use('dark_background')", "figure"],
}


def test_a_notebook_shows_each_figure_exactly_once(repository: Path) -> None:
    """One kernel, cells as users write them; each last cell of a pair must leave one PNG and nothing else."""
    setup = (
        f"import sys; sys.path.insert(0, {str(repository)!r})\n"
        "import numpy as np\nfrom ocr_helpers.drawing import show_line\n"
        "line = {'input_img': np.full((48, 320, 3), 230, np.uint8), 'rec_text': '한국어', 'rec_score': 0.9}\n"
    )
    notebook = nbformat.v4.new_notebook()
    sources = [setup]
    for first, last in NOTEBOOKS.values():
        sources += [f"figure = show_line(line)\n{first}", last]
    sources += ["figure;"]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for name, cell in zip(NOTEBOOKS, notebook.cells[2::2], strict=True):
        assert [output.output_type for output in cell.outputs] == ["display_data"], name
        data = cell.outputs[0].data
        shown = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
        assert cell.outputs[0].metadata["image/png"]["width"] == 960, name
        assert shown.width == 1536, name  # denser than the screen's pixels: not blurred
        assert shown.getpixel((2, 2)) == (255, 255, 255), name
    silent = [*notebook.cells[:-1:2][:1], *notebook.cells[1:-1:2], notebook.cells[-1]]
    assert [cell.outputs for cell in silent] == [[]] * len(silent)


def test_pyplot_learns_nothing_of_these_figures() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    show_line(line())
    show_page(page(1))
    assert plt.get_fignums() == before
    assert "koreanize_matplotlib" not in sys.modules


def test_a_real_detection_result_is_drawn(repository: Path) -> None:
    """The starter detection weights on a sample, through the real PaddleOCR class."""
    import ocr_helpers

    detector = ocr_helpers.load_text_detection(weights="starter", device="cpu")
    (result,) = detector.predict(str(repository / "data" / "samples" / "receipt.png"))
    figure = show_page(result)
    count = int(re.findall(r"^(\d+) boxes$", texts(figure)[0])[0])
    assert count == len(result["dt_polys"]) > 20
    assert sum(isinstance(patch, Polygon) for patch in figure.axes[1].patches) == count


def test_a_real_recognition_result_is_drawn(repository: Path) -> None:
    """The starter recognition weights on a sample, through the real PaddleOCR class."""
    import ocr_helpers

    recognizer = ocr_helpers.load_text_recognition(weights="starter", device="cpu")
    (result,) = recognizer.predict(str(min((repository / "data" / "samples" / "lines").glob("*.png"))))
    said = texts(show_line(result))
    assert "".join(said).startswith(f"{int(result['rec_score'] * 1000) / 1000:.3f}")
    assert result["rec_text"].split()[0] in "".join(said)

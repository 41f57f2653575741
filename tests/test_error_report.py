"""The error report: what it counts, that nothing in it can act, and that it fits a window."""

import base64
import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

import ocr_helpers as ocr
from ocr_helpers.error_report import ErrorReport, ReportError, ReportLine, lines_of_result
from ocr_helpers.error_report.counts import Context, count_errors
from ocr_helpers.error_report.marks import difference, picture, shown
from ocr_helpers.ground_truth import truth_beside
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import score_result

CROP = np.full((20, 80, 3), 255, np.uint8)
CROP[:, :10] = 0
ATTACK = "<img src=x onerror=document.title='run'>&\"'</style><script>document.title='run'</script>"


def pairs(kinds: Any) -> list[tuple[str, str, int]]:
    return [(kind.expected, kind.read, kind.count) for kind in kinds]


def test_nothing_to_count() -> None:
    counts = count_errors([("가나 다", "가나 다"), ("\u1100\u1161", "가"), (" 가", "가 ")])
    assert not any(getattr(counts, name) for name in counts.__dataclass_fields__)


def test_counts() -> None:
    counts = count_errors(
        [
            ("저눈 강으로", "저는 강으로"),
            ("나눈 집", "나는 집"),
            ("간다0", "간다O"),
            ("오늘오후", "오늘 오후"),
            ("오 늘", "오늘"),
            ("갑", "갑니"),
            ("갑!", "갑"),
            ("가x나", "가 나"),  # a letter in place of a space
        ]
    )
    assert pairs(counts.replaced) == [("는", "눈", 2), ("O", "0", 1)]
    assert [(kind.position, *pair) for kind, pair in zip(counts.jamo, pairs(counts.jamo), strict=True)] == [
        ("vowel", "ㅡ", "ㅜ", 2)
    ]
    assert pairs(counts.missing) == [("니", "", 1)]
    assert pairs(counts.surplus) == [("", "!", 1), ("", "x", 1)]
    assert pairs(counts.missing_spaces) == [("늘 오", "늘오", 1), ("가 나", "가나", 1)]
    assert pairs(counts.surplus_spaces) == [("오늘", "오 늘", 1)]
    assert counts.replaced[0].contexts == (
        Context(0, "저", "는", "눈", " 강으로"),
        Context(1, "나", "는", "눈", " 집"),
    )
    assert counts.surplus[0].contexts == (Context(6, "갑", "", "!", ""),)


@pytest.mark.parametrize(
    ("expected", "read", "jamo"),
    [
        ("강", "간", [("final", "ㅇ", "ㄴ")]),
        ("가", "간", [("final", "", "ㄴ")]),
        ("값", "가", [("final", "ㅄ", "")]),
        ("각", "낙", [("initial", "ㄱ", "ㄴ")]),
        ("과", "귁", [("vowel", "ㅘ", "ㅟ"), ("final", "", "ㄱ")]),
        ("힣", "흫", [("vowel", "ㅣ", "ㅡ")]),
        ("A", "가", []),
    ],
)
def test_jamo_are_named_as_they_are_written(
    expected: str, read: str, jamo: list[tuple[str, str, str]]
) -> None:
    found = count_errors([(read, expected)]).jamo
    assert [(kind.position, kind.expected, kind.read) for kind in found] == jamo


@pytest.mark.parametrize(("step", "count"), [(588, 19), (28, 21), (1, 28)])
def test_every_initial_vowel_and_final_has_its_letter(step: int, count: int) -> None:
    syllables = [chr(0xAC00 + step * n) for n in range(count)]
    for a, b in pairwise(syllables):
        names = [unicodedata.name(jamo).split()[-1] for jamo in unicodedata.normalize("NFD", a + b)]
        (kind,) = count_errors([(b, a)]).jamo
        letters = [letter for letter in (kind.expected, kind.read) if letter]
        assert letters and {unicodedata.name(x).removeprefix("HANGUL LETTER ") for x in letters} <= set(names)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("가 & <b>", "가 &amp; &lt;b&gt;"),
        ("a\u202eb", 'a<span class="ocr-code">U+202E</span>b'),  # would turn the line around
        (
            "\x00\ud800\u00a0",
            "".join(f'<span class="ocr-code">U+{n}</span>' for n in ("0000", "D800", "00A0")),
        ),
        ("\u0301", "◌\u0301"),
    ],
)
def test_text_is_shown_and_escaped(text: str, html: str) -> None:
    assert shown(text) == html


def test_differences_are_marked() -> None:
    expected, read = difference("저눈오늘!", "저는 오늘")
    assert expected == '저<mark class="ocr-replaced">는</mark><mark class="ocr-missing">␣</mark>오늘'
    assert read == '저<mark class="ocr-replaced">눈</mark>오늘<mark class="ocr-surplus">!</mark>'
    assert difference("\u1100\u1161", "가") == ("가", "가")


def test_a_picture_is_the_lines() -> None:
    wide = np.tile(CROP, (10, 40, 1))
    for image in (CROP, wide):
        found = re.search(
            r'src="data:image/jpeg;base64,([^"]+)" width="(\d+)" height="(\d+)"', picture(image)
        )
        assert found is not None
        data = np.frombuffer(base64.b64decode(found[1]), np.uint8)
        height, width = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)).shape[:2]
        assert width / height == pytest.approx(image.shape[1] / image.shape[0], rel=0.02)
        assert width <= 1400 and int(found[3]) <= 40


class Tags(HTMLParser):
    """Every element and attribute of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def hostile() -> ErrorReport:
    lines = [
        ReportLine(ATTACK, "저는", 0.5, CROP, ATTACK),
        ReportLine("저는", ATTACK, 0.5, CROP, "page"),
        ReportLine(None, ATTACK, None, None, "page"),
        ReportLine(ATTACK, None, float("nan"), None, "page"),
        ReportLine("\ud800\x00", "\u202e", 1.0, None, "page"),
    ]
    return ErrorReport(lines, title=ATTACK)


def test_recognised_text_stays_text(hostile: ErrorReport) -> None:
    for html in (hostile.html(), hostile._repr_html_()):
        tags = Tags(html)
        assert "script" not in tags.names and tags.names.count("img") == 2
        assert not any(name.startswith("on") for name, _ in tags.attributes)
        assert ATTACK in tags.text
        addresses = [value for name, value in tags.attributes if name in ("src", "href", "action")]
        assert all(str(value).startswith("data:image/jpeg;base64,") for value in addresses)
        assert html.encode("utf-8")


def test_in_a_browser(hostile: ErrorReport, tmp_path: Path, chromium: str) -> None:
    long = ReportLine("가나다" * 100, "가나라" * 100, 0.5, np.tile(CROP, (1, 40, 1)), "긴 줄" * 40)
    path = ErrorReport([*hostile.lines, long], title=ATTACK).save(tmp_path / "보고서.html")
    asked: list[str] = []
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(color_scheme="light")
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        assert page.title() == ATTACK and said == []
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        loaded = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
        assert page.evaluate(f"document.images.length === 3 && {loaded}")
        for width in (1280, 800, 400):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        ink, ground = luminance(page)
        assert ink < 80 < 220 < ground
        page.emulate_media(color_scheme="dark")
        ink, ground = luminance(page)
        assert ground < 60 < 200 < ink
        browser.close()


def luminance(page: Page) -> list[float]:
    """Of ink and ground, 0…255."""
    colours = page.evaluate(
        "(({color, backgroundColor}) => [color, backgroundColor])"
        "(getComputedStyle(document.querySelector('.ocr-report')))"
    )
    return [float(np.mean([int(n) for n in re.findall(r"\d+", colour)[:3]])) for colour in colours]


def test_no_line_no_error() -> None:
    empty = ErrorReport([], title="\ud800")
    assert empty.html().encode("utf-8")
    assert "0 lines" in empty.html() and "–" in empty.html()
    right = ErrorReport([ReportLine("가", "가", 1.0, CROP, "page")])
    assert right.worst_lines == () and "Worst lines" not in right.html()
    assert repr(right) == "<ErrorReport: 1 of 1 lines exact, CER 0.00%, 0 lines missed, 0 surplus>"


def test_worst_lines_first() -> None:
    lines = [
        ReportLine("가나다라", "가나다라"),
        ReportLine("가나다", "가나다라"),
        ReportLine("", "가나"),
        ReportLine("가나마바", "가나다라"),
        ReportLine("가", "나"),
    ]
    report = ErrorReport(lines)
    assert [line.read for line in report.worst_lines] == ["", "가", "가나마바", "가나다"]
    html = report.html(worst=2)
    assert html.count("<li>") == 2 and "… and 2 more lines" in html


def test_saved_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ErrorReport([ReportLine("가", "나", 0.5, CROP, "page")])
    path = report.save(tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == report.html()
    path.write_text("old", encoding="utf-8")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            report.save(path)
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]
    report.save(str(path))
    assert path.read_text(encoding="utf-8") == report.html() and list(tmp_path.iterdir()) == [path]


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="is not there: make it first"):
        ErrorReport([]).save(tmp_path / "none" / "report.html")
    with pytest.raises(ReportError, match="is a folder"):
        ErrorReport([]).save(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, None), "neither a read nor an expected"),
        ((3, "가"), "read is int"),
        (("가", b"x"), "expected is bytes"),
        (("가", "가", 1.0, CROP[:, :, 0]), r"shape \(20, 80\) and dtype uint8"),
        (("가", "가", 1.0, CROP / 255), "dtype float64"),
        (("가", "가", 1.0, CROP[:0]), "not empty"),
        (("가", "가", 1.0, "crop.png"), "crop_bgr is str"),
    ],
)
def test_lines_that_cannot_be(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        ReportLine(*arguments)


def test_a_report_takes_lines() -> None:
    with pytest.raises(ReportError, match=r"lines\[0\] is tuple"):
        ErrorReport([("가", "나")])  # type: ignore[list-item]


@pytest.fixture(scope="module")
def staged() -> ocr.StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline(weights="starter", device="cpu"))


def results(staged: ocr.StagedPipeline, *names: str) -> list[Any]:
    settings = ocr.PipelineSettings(use_doc_orientation_classify=True)
    pages = [page for name in names for page in ocr.load_pages(samples_dir() / name)]
    return [(staged.run(page, settings), truth_beside(page)) for page in pages]


def test_pages(staged: ocr.StagedPipeline) -> None:
    found = results(staged, "receipt.png", "turned_180.png", "receipt.png")
    report = ErrorReport.from_results(found, title="두 쪽")
    assert list(report.pages) == ["receipt.png", "turned_180.png", "receipt.png (2)"]
    assert report.page_score == sum((score_result(*pair) for pair in found[1:]), score_result(*found[0]))
    assert report.scores == report.page_score.text
    assert len(report.missing_lines) == report.page_score.missing_lines > 0
    assert len(report.surplus_lines) == report.page_score.surplus_lines
    html = report.html()
    assert html.count("data:image/jpeg") == len(report.worst_lines) + len(report.missing_lines) + len(
        report.surplus_lines
    )
    assert "<h1>두 쪽</h1>" in html and "H-mean" in html
    assert len(report._repr_html_()) < 400_000


def test_crops_show_the_line_as_it_is_read(staged: ocr.StagedPipeline) -> None:
    ((result, truth),) = results(staged, "turned_180.png")
    lines = lines_of_result(result, truth, "letter")
    assert [line.expected for line in lines[: len(truth.texts)]] == list(truth.texts)
    good = [line for line in lines if line.read == line.expected and line.expected and len(line.expected) > 8]
    assert len(good) > 5
    recognizer = ocr.load_text_recognition(weights="starter", device="cpu")
    read = [r["rec_text"] for r in recognizer.predict([line.crop_bgr for line in good[:5]], batch_size=1)]
    assert sum(text == line.expected for text, line in zip(read, good, strict=False)) >= 4


def test_names_of_pages(staged: ocr.StagedPipeline) -> None:
    found = results(staged, "receipt.png")
    assert ErrorReport.from_results(found, names=["영수증"]).lines[0].page == "영수증"
    with pytest.raises(ReportError, match="1 pages and 2 different names"):
        ErrorReport.from_results(found, names=["a", "b"])
    with pytest.raises(ReportError, match="2 pages and 1 different names"):
        ErrorReport.from_results(found * 2, names=["a", "a"])

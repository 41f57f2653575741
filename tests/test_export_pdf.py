"""Searchable PDF: text is found where it stands, the page looks as it did, and nothing else is there."""

import io
import re
import shutil
import subprocess
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image

import ocr_helpers as ocr
from ocr_helpers.export import save_results
from ocr_helpers.export.pages import ExportPage, SourceChangedError, UnwarpedPictureError, export_pages
from ocr_helpers.export.pdf import SearchablePdf, page_size_pt, text_frame
from ocr_helpers.export.pdf_image import JpegQualityError, encode_image
from ocr_helpers.export.records import LineRecord, PageRecord
from ocr_helpers.export.results import page_record
from ocr_helpers.export.text import printable
from ocr_helpers.loading.pipeline import load_pipeline

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
PLAIN = ocr.PipelineSettings()
TURNED = ocr.PipelineSettings(use_doc_orientation_classify=True)
ALL_ON = ocr.PipelineSettings(
    use_doc_orientation_classify=True, use_doc_unwarping=True, use_textline_orientation=True
)
WHITE = np.full((1200, 800, 3), 255, np.uint8)


def _skewed() -> ocr.Page:
    """The notice, turned by 3 degrees."""
    (page,) = ocr.load_pages(SAMPLES / "notice.png")
    width, height = page.size_wh
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1)
    image = cv2.warpAffine(page.image_bgr, matrix, (width, height), borderValue=(255, 255, 255))
    return ocr.Page(np.asarray(image, np.uint8), "skewed", dpi=150.0)


def _sideways() -> ocr.Page:
    """A page that lies on its side and is read so: its lines run upwards."""
    (page,) = ocr.load_pages(SAMPLES / "turned_90.png")
    return page


CASES: dict[str, tuple[Any, ocr.PipelineSettings, int]] = {
    "upright": ("notice.png", PLAIN, 0),
    "skewed by 3 degrees": (_skewed, PLAIN, 0),
    "turned by 90": ("turned_90.png", TURNED, 0),
    "turned by 180": ("turned_180.png", TURNED, 0),
    "turned by 270": ("turned_270.png", TURNED, 0),
    "lying, its lines turned": (_sideways, ocr.PipelineSettings(use_textline_orientation=True), 0),
    "two columns": ("newsletter_two_columns.png", PLAIN, 0),
    "unwarped": ("curved.jpg", ALL_ON, 0),
    "turned by 90 and unwarped": ("turned_90.png", ALL_ON, 0),
    "a JPEG": ("low_contrast_scan.jpg", PLAIN, 0),
    "of a PDF": ("report_three_pages.pdf", PLAIN, 2),
}


class Case:
    """One page, read and written."""

    def __init__(self, page: ocr.Page, result: Any, folder: Path) -> None:
        self.page, self.result = page, result
        self.record = page_record(page, result)
        written = save_results((page, result), folder, ["pdf"])
        (self.path,) = written["pdf"]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Every kind of page as a PDF of one page."""
    staged = ocr.StagedPipeline(load_pipeline("starter"))
    folder = tmp_path_factory.mktemp("pdf")
    made = {}
    for name, (source, settings, index) in CASES.items():
        page = source() if callable(source) else ocr.load_pages(SAMPLES / source, pages=[index])[0]
        made[name] = Case(page, staged.run(page, settings), folder / name)
    return made


def _characters(path: Path) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Each printed character, in the file's order, with its box (left, bottom, right, top) in points."""
    with pypdfium2.PdfDocument(path) as document:
        text_page = document[0].get_textpage()
        for place in range(text_page.count_chars()):
            character = text_page.get_text_range(place, 1)
            if character.strip():
                yield character, text_page.get_charbox(place)


def _drawn(path: Path, size_wh: tuple[int, int], page: int = 0) -> NDArray[np.uint8]:
    """A page as PDFium draws it, in about so many pixels, RGB."""
    with pypdfium2.PdfDocument(path) as document:
        picture = document[page].render(scale=size_wh[0] / document[page].get_size()[0]).to_pil()
    return np.asarray(picture.convert("RGB").resize(size_wh))


def _squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("name", CASES)
def test_all_of_the_text_comes_out_in_reading_order(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    expected = [printable(line.text).strip() for line in case.record.lines]
    with pypdfium2.PdfDocument(case.path) as document:
        found = document[0].get_textpage().get_text_range()
    # Lines that stand beside each other come out in one row: blanks and line ends between lines may differ.
    assert found.split() == " ".join(expected).split()
    assert len(expected) > 15


@pytest.mark.parametrize("name", CASES)
def test_every_character_stands_within_its_line(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    width_pt, height_pt = pypdfium2.PdfDocument(case.path)[0].get_size()
    scale = np.array([width_pt, height_pt]) / case.record.read_size_wh
    characters = _characters(case.path)
    for line in case.record.lines:
        outline = (np.array(line.quad_xy) * scale).astype(np.float32)
        for expected in _squeezed(printable(line.text)):
            character, (left, bottom, right, top) = next(characters)
            assert character == expected
            middle = (left + right) / 2, height_pt - (bottom + top) / 2
            assert cv2.pointPolygonTest(outline, middle, True) > -0.5, (line.text, character)
    assert list(characters) == []


@pytest.mark.parametrize("name", ["upright", "turned by 270", "two columns", "of a PDF"])
def test_characters_of_level_lines_stay_inside_and_fill_the_width(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    width_pt, height_pt = pypdfium2.PdfDocument(case.path)[0].get_size()
    scale = np.array([width_pt, height_pt]) / case.record.read_size_wh
    characters = _characters(case.path)
    for line in case.record.lines:
        boxes = np.array([next(characters)[1] for _ in _squeezed(printable(line.text))]).reshape(-1, 4)
        if not len(boxes):
            continue
        low, high = np.min(line.quad_xy, axis=0) * scale, np.max(line.quad_xy, axis=0) * scale
        assert boxes[:, 0].min() > low[0] - 0.5 and boxes[:, 2].max() < high[0] + 0.5
        assert height_pt - boxes[:, 3].max() > low[1] - 0.5 and height_pt - boxes[:, 1].min() < high[1] + 0.5
        em = high[1] - low[1]
        assert boxes[:, 0].min() - low[0] < em and high[0] - boxes[:, 2].max() < em


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("upright", ["입주자대표회의", "공사 기간에 다소"]),
        ("skewed by 3 degrees", ["입주자대표회의", "공사 기간에 다소"]),
        ("turned by 90", ["민속 마을", "09:00"]),
        ("two columns", ["이 골목에 사는 주민들이다"]),
        ("unwarped", ["항아리 뚜껑을", "나는 졸린 눈"]),
        ("turned by 90 and unwarped", ["민속 마을", "09:00"]),
        ("of a PDF", ["맺음말"]),
    ],
)
def test_words_are_found_also_across_blanks(cases: dict[str, Case], name: str, words: list[str]) -> None:
    with pypdfium2.PdfDocument(cases[name].path) as document:
        text_page = document[0].get_textpage()
        assert [word for word in words if text_page.search(word).get_next() is None] == []
        assert text_page.search("없는낱말").get_next() is None


@pytest.mark.parametrize("name", CASES)
def test_pdftotext_reads_the_same(cases: dict[str, Case], name: str) -> None:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("no pdftotext on PATH: on Debian, apt-get install poppler-utils")
    done = subprocess.run([program, "-raw", cases[name].path, "-"], capture_output=True, check=True)
    expected = [printable(line.text).strip() for line in cases[name].record.lines]
    found = done.stdout.decode()
    assert _squeezed(found) == _squeezed("".join(expected))
    # It takes syllables of a short line that runs upwards for a line each.
    assert name.startswith("lying") or found.split() == " ".join(expected).split()
    assert done.stderr == b""


@pytest.mark.parametrize("name", CASES)
def test_the_page_looks_as_it_was_read(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    angle = case.record.angle or 0
    # The page's own pixels, turned: PaddleX shifts them by one.
    read_bgr = case.result.page_bgr if case.record.unwarped else np.rot90(case.page.image_bgr, angle // 90)
    read_rgb = read_bgr[:, :, ::-1]
    drawn = _drawn(case.path, case.record.read_size_wh)
    difference = np.abs(drawn.astype(np.int16) - read_rgb)
    assert difference.mean() < 4
    # The text is invisible: blurred, so that the codec's noise is gone, nothing stands out.
    assert np.abs(cv2.blur(drawn, (9, 9)).astype(np.int16) - cv2.blur(read_rgb, (9, 9))).max() < 40


@pytest.mark.parametrize("name", CASES)
def test_the_page_has_its_original_size(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    with pypdfium2.PdfDocument(case.path) as document:
        size = document[0].get_size()
    width, height = case.page.size_wh
    expected = width * 72 / case.page.dpi, height * 72 / case.page.dpi  # type: ignore[operator]
    if name == "of a PDF":
        with pypdfium2.PdfDocument(case.page.source) as source:
            expected = source[2].get_size()
    expected = expected[::-1] if case.record.angle in (90, 270) else expected
    assert size == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("size_wh", "dpi", "expected"),
    [
        ((1240, 1754), 150.0, (595.2, 841.92)),
        ((3000, 4000), None, (631.417, 841.89)),
        ((3000, 4000), 1e-3, (631.417, 841.89)),
        ((100_000, 5), 300.0, (841.89, 3.0)),
        ((1, 1), None, (841.89, 841.89)),
    ],
)
def test_page_sizes_are_those_that_pdf_has(
    size_wh: tuple[int, int], dpi: float | None, expected: tuple[float, float]
) -> None:
    assert page_size_pt(size_wh, dpi) == pytest.approx(expected, abs=0.01)


def _written(lines: list[LineRecord], **options: Any) -> bytes:
    stream = io.BytesIO()
    pdf = SearchablePdf(stream, title=options.pop("title", "title"), **options)
    pdf.add_page(encode_image(WHITE, 85), (400, 600), lines, read_size_wh=(800, 1200))
    pdf.close()
    return stream.getvalue()


def _line(text: str, row: int = 0, **changes: Any) -> LineRecord:
    top = 100 + 60 * row
    return LineRecord(text, 1.0, ((100, top), (700, top), (700, top + 40), (100, top + 40)), **changes)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("한글 문서", "한글 문서"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("나랏말ᄊᆞ미", "나랏말ᄊᆞ미"),
        ("뷁 힣 ㄱㅎ", "뷁 힣 ㄱㅎ"),
        ("漢字 龘 鿕", "漢字 龘 鿕"),
        ("이모지 😀 𠮷 끝", "이모지 😀 𠮷 끝"),
        ("₩ ℃ ㎡ 「」 ㈜ ○ ■", "₩ ℃ ㎡ 「」 ㈜ ○ ■"),
        ("x\u0332 e\u0301", "x\u0332 é"),
        ("(a) <b> \\ \x00 \x1b[0m", "(a) <b> \\ � �[0m"),
        ("a\udc80b", "a�b"),
        ("a\u202eb\u2066c", "a�b�c"),
        ("a\tb\nc\x85d", "a b c d"),
        ("שלום 한국", "שלום 한국"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_any_character_comes_out_of_the_pdf(text: str, found: str) -> None:
    with pypdfium2.PdfDocument(_written([_line(text)])) as document:
        text_page = document[0].get_textpage()
        assert text_page.get_text_range() == found
        if all(character < "\U00010000" for character in found):  # beyond, PDFium extracts but cannot search
            assert text_page.search(found).get_next() == (0, len(found))


def test_blank_lines_and_boxes_without_area_harm_nothing() -> None:
    flat = ((100, 500), (300, 500), (300, 500), (100, 500))
    point = ((100, 600),) * 4
    lines = [
        _line(""),
        _line("  \n"),
        LineRecord("납작", 1.0, flat),
        LineRecord("점", 1.0, point),
        _line("끝", 1),
    ]
    with pypdfium2.PdfDocument(_written(lines)) as document:
        assert document[0].get_textpage().get_text_range().split() == ["납작", "점", "끝"]
    with pypdfium2.PdfDocument(_written([])) as document:
        assert document[0].get_textpage().count_chars() == 0


def test_more_characters_than_codes_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_helpers.export.pdf_font._MOST_CODES", 4)
    with pypdfium2.PdfDocument(_written([_line("가나다라마")])) as document:
        assert document[0].get_textpage().get_text_range() == "가나다��"


def test_upright_boxes_are_read_downwards_and_turned_lines_from_their_other_end() -> None:
    level = _line("글")
    tall = LineRecord("글", 1.0, ((100, 100), (140, 100), (140, 700), (100, 700)))
    turned = LineRecord("글", 1.0, tall.quad_xy, textline_angle=180)
    assert text_frame(level).tolist() == [list(corner) for corner in level.quad_xy]
    assert text_frame(tall).tolist()[:2] == [[140, 100], [140, 700]]
    assert text_frame(turned).tolist()[:2] == [[100, 700], [100, 100]]


def _objects(pdf: bytes) -> dict[int, bytes]:
    return {
        int(number): body
        for number, body in re.findall(rb"(?s)(\d+) 0 obj\n(.*?)\nendobj\n(?=\d+ 0 obj|xref)", pdf)
    }


def _stream(body: bytes) -> bytes:
    data = body.split(b"stream\n", 1)[1].removesuffix(b"\nendstream")
    return zlib.decompress(data) if b"/FlateDecode" in body.split(b"stream\n")[0] else data


def test_the_font_is_embedded_as_a_subset_with_its_own_widths() -> None:
    pdf = _objects(_written([_line("가나 다 가😀A")]))
    bodies = b"\n".join(body.split(b"stream\n")[0] for body in pdf.values())
    assert len(set(re.findall(rb"/(?:BaseFont|FontName) /([A-Z]{6}\+NanumGothic)", bodies))) == 1
    (program_number,) = re.findall(rb"/FontFile2 (\d+) 0 R", bodies)
    program = _stream(pdf[int(program_number)])
    font = TTFont(io.BytesIO(program))
    assert len(program) < 10_000 and len(font.getGlyphOrder()) < 15
    (map_number,) = re.findall(rb"/CIDToGIDMap (\d+) 0 R", bodies)
    glyphs = np.frombuffer(_stream(pdf[int(map_number)]), ">u2")
    (widths,) = re.findall(rb"/W \[1 \[([\d ]+)\]\]", bodies)
    order = font.getGlyphOrder()
    in_font = [font["hmtx"][order[glyph]][0] for glyph in glyphs[1:]]
    said = [int(width) for width in widths.split()]
    # 가 나 blank 다 emoji A: the emoji borrows the blank's empty glyph, and keeps its own width.
    assert said[:4] == in_font[:4] and said[5] == in_font[5]
    assert glyphs[5] == glyphs[3] != 0 and 0 not in glyphs[1:]


def test_what_archives_ask_for() -> None:
    raw = _written([_line("가")], title="제목 <&> \x00")
    assert raw.startswith(b"%PDF-1.7\n%\xe2") and raw.endswith(b"%%EOF\n")
    for forbidden in (b"/Encrypt", b"/JavaScript", b"/LZWDecode", b"/Interpolate true", b"/Filter []"):
        assert forbidden not in raw
    objects = _objects(raw)
    catalogue = next(body for body in objects.values() if b"/Type /Catalog" in body)
    assert b"/Lang <FEFF006B006F002D004B0052>" in catalogue  # ko-KR
    (metadata,) = re.findall(rb"/Metadata (\d+) 0 R", catalogue)
    root = ElementTree.fromstring(_stream(objects[int(metadata)]))
    assert [element.text for element in root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")] == [
        "제목 <&> �",
        "ko-KR",
    ]
    (profile_number,) = re.findall(rb"/DestOutputProfile (\d+) 0 R", b"\n".join(objects.values()))
    profile = _stream(objects[int(profile_number)])
    assert profile[36:40] == b"acsp" and profile[16:20] == b"RGB "
    identity = re.findall(rb"/ID \[<([0-9a-f]{32})> <([0-9a-f]{32})>\]", raw)
    assert len(identity) == 1 and identity[0][0] == identity[0][1]
    # The table of objects says where each stands.
    table = raw[raw.rindex(b"xref\n0 ", 0, raw.rindex(b"startxref")) :]
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", table), 1):
        assert raw[int(offset) :].startswith(b"%d 0 obj\n" % number)
    with pypdfium2.PdfDocument(raw) as document:
        assert document.get_metadata_value("Title") == "제목 <&> �"


def test_the_same_input_gives_the_same_bytes_and_a_date_only_where_asked_for() -> None:
    lines = [_line("같은 글", 0), _line("다른 글", 1)]
    assert _written(lines) == _written(lines)
    assert b"Date" not in _written(lines)
    moment = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    dated = _written(lines, created=moment)
    assert dated == _written(lines, created=moment)
    assert b"/CreationDate (D:20261123093000+00'00)" in dated
    assert b"<xmp:CreateDate>2026-11-23T09:30:00+00:00</xmp:CreateDate>" in dated


def test_without_loss_every_pixel_is_kept(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)
    for name, image in {"colours": noise, "grey": np.repeat(noise[:, :, :1], 3, axis=2)}.items():
        page = ocr.Page(image, name, dpi=72.0)
        record = PageRecord(name, 0, page.size_wh, page.size_wh, 72.0, lines=(_line("글"),))
        (path,) = save_results((page, record), tmp_path, ["pdf"], jpeg_quality=None)["pdf"]
        assert np.array_equal(_drawn(path, page.size_wh)[:, :, ::-1], image)
        assert (b"/DeviceGray" in path.read_bytes()) == (name == "grey")


@pytest.mark.parametrize("quality", [0, 101, 85.5, True, "85"])
def test_another_jpeg_quality_is_refused(tmp_path: Path, quality: Any) -> None:
    with pytest.raises(JpegQualityError, match="from 1 to 100"):
        save_results([], tmp_path, ["pdf"], jpeg_quality=quality)


def _photo(path: Path, orientation: int = 1, **options: Any) -> PageRecord:
    """A JPEG file with more in it than pixels, and a record of it."""
    noise = np.random.default_rng(1).integers(0, 256, (6, 4, 3), np.uint8)
    image = Image.fromarray(noise).resize((120, 80))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    image.save(path, "JPEG", exif=exif, comment="a comment", dpi=(72, 72), **options)
    (page,) = ocr.load_pages(path)
    return PageRecord(str(path), 0, page.size_wh, page.size_wh, page.dpi, lines=(_line("글"),))


def _jpeg_data(raw: bytes) -> bytes:
    return next(_stream(body) for body in _objects(raw).values() if b"/DCTDecode" in body)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8, 2, 5])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_scanners_own_jpeg_is_used(tmp_path: Path, orientation: int, progressive: bool) -> None:
    record = _photo(tmp_path / "photo.jpg", orientation, progressive=progressive)
    (path,) = save_results(record, tmp_path, ["pdf"], jpeg_quality=20)["pdf"]
    original, kept = (tmp_path / "photo.jpg").read_bytes(), _jpeg_data(path.read_bytes())
    scan = original[original.index(b"\xff\xda") :]
    assert kept.endswith(scan) == (orientation in (1, 3, 6, 8))
    assert b"a camera" in original and b"a camera" not in kept and b"a comment" not in kept
    (page,) = ocr.load_pages(record.source)
    difference = np.abs(_drawn(path, record.size_wh).astype(np.int16) - page.image_bgr[:, :, ::-1])
    assert difference.mean() < (2 if orientation in (1, 3, 6, 8) else 12)


@pytest.mark.parametrize("change", ["other pixels", "CMYK", "gone", "damaged"])
def test_a_jpeg_that_is_not_the_page_is_not_used(tmp_path: Path, change: str) -> None:
    record = _photo(tmp_path / "photo.jpg")
    (page,) = ocr.load_pages(record.source)
    image = Image.fromarray(255 - page.image_bgr)
    source = Path(record.source)
    if change == "other pixels":
        image.save(source)
    elif change == "CMYK":
        image.convert("CMYK").save(source)
        (page,) = ocr.load_pages(source)
    elif change == "gone":
        source.unlink()
    else:
        source.write_bytes(source.read_bytes()[:300])
    (path,) = save_results((page, record), tmp_path, ["pdf"])["pdf"]
    assert np.abs(_drawn(path, page.size_wh).astype(np.int16) - page.image_bgr[:, :, ::-1]).mean() < 8
    assert b"/DeviceCMYK" not in path.read_bytes()


def test_a_record_alone_gives_the_same_pdf(cases: dict[str, Case], tmp_path: Path) -> None:
    for name in ("upright", "turned by 90", "a JPEG", "of a PDF"):
        (path,) = save_results(cases[name].record, tmp_path / name, ["pdf"])["pdf"]
        assert path.read_bytes() == cases[name].path.read_bytes()


def test_an_unwarped_record_needs_its_picture(cases: dict[str, Case], tmp_path: Path) -> None:
    case = cases["unwarped"]
    with pytest.raises(UnwarpedPictureError, match="images="):
        save_results(case.record, tmp_path, ["pdf"])
    assert list(tmp_path.iterdir()) == []
    (path,) = save_results(case.record, tmp_path, ["pdf"], images=lambda _: case.result.page_bgr)["pdf"]
    assert path.read_bytes() == case.path.read_bytes()
    with pytest.raises(SourceChangedError, match="images gave"):
        save_results(case.record, tmp_path, ["pdf"], images=lambda _: WHITE)


@pytest.mark.parametrize("name", ["unwarped", "turned by 90 and unwarped"])
def test_the_pipeline_flattens_a_record_s_page_again(
    cases: dict[str, Case], tmp_path: Path, name: str
) -> None:
    staged = ocr.StagedPipeline(load_pipeline("starter"))
    (path,) = save_results(cases[name].record, tmp_path, ["pdf"], images=staged)["pdf"]
    assert path.read_bytes() == cases[name].path.read_bytes()


def test_a_source_of_another_size_is_refused(cases: dict[str, Case], tmp_path: Path) -> None:
    changed = tmp_path / "notice.png"
    Image.fromarray(WHITE).save(changed)
    record = cases["upright"].record
    other = PageRecord(str(changed), 0, record.size_wh, record.read_size_wh, record.dpi)
    with pytest.raises(SourceChangedError, match="Read it again"):
        save_results(other, tmp_path / "out", ["pdf"])


def test_memory_does_not_grow_with_the_pages(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (300, 250, 3), np.uint8)

    def pages(count: int) -> Iterator[tuple[ocr.Page, PageRecord]]:
        for index in range(count):
            page = ocr.Page(np.roll(noise, index, axis=0), "many.pdf", index, 72.0)
            yield page, PageRecord("many.pdf", index, page.size_wh, page.size_wh, 72.0, lines=(_line("글"),))

    def peak(count: int) -> int:
        tracemalloc.start()
        save_results(pages(count), tmp_path, ["text", "json", "csv", "pdf"], jpeg_quality=95)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)
    few, many = peak(4), peak(40)
    (path,) = tmp_path.glob("*.pdf")
    assert path.stat().st_size > 40 * 50_000
    assert many < few + 200_000


def test_export_pages_gives_what_was_read(cases: dict[str, Case]) -> None:
    for name in ("turned by 90", "turned by 180", "turned by 270"):
        case = cases[name]
        (again,) = export_pages(case.record, None)
        assert isinstance(again, ExportPage)
        assert np.array_equal(again.read_bgr, case.result.page_bgr)

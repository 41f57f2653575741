"""Records of pages: nothing is lost on the way through JSON, and nothing damaged comes back."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ocr_helpers as ocr
from ocr_helpers.export.json import (
    LineRecord,
    ModelRecord,
    PageRecord,
    RecordFormatError,
    RecordSourceError,
    RecordValueError,
    dump_record,
    iter_records,
    load_records,
    model_records,
    page_record,
    record_from_dict,
    record_to_dict,
)
from ocr_helpers.loading.pipeline import load_pipeline, plan_pipeline
from ocr_helpers.stages.result import StagedResult

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
SQUARE = ((0, 0), (10, 0), (10, 10), (0, 10))
TURNED = ocr.PipelineSettings(use_doc_orientation_classify=True, use_textline_orientation=True)

# Every code point, halves of surrogate pairs too: names of files that are not UTF-8 have them.
texts = st.text(st.characters(), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
quads = st.lists(st.tuples(numbers, numbers), min_size=4, max_size=4).map(tuple)
line_records = st.builds(
    LineRecord,
    text=texts,
    score=st.floats(0, 1),
    quad_xy=quads,
    original_quad_xy=st.none() | quads,
    textline_angle=st.sampled_from([None, 0, 180]),
    paddleocr_index=st.integers(0, 10**6),
    spaced_text=st.none() | texts,
)
sizes = st.tuples(st.integers(1, 10**5), st.integers(1, 10**5))
plain_texts = st.text(max_size=10)
plain = st.none() | st.booleans() | numbers | st.integers() | plain_texts
page_records = st.builds(
    PageRecord,
    source=texts,
    index=st.integers(0, 10**6),
    size_wh=sizes,
    read_size_wh=sizes,
    dpi=st.none() | st.floats(1e-3, 1e6),
    angle=st.sampled_from([None, 0, 90, 180, 270]),
    unwarped=st.booleans(),
    lines=st.lists(line_records, max_size=4),
    settings=st.dictionaries(
        plain_texts, plain | st.dictionaries(plain_texts, plain, max_size=3), max_size=4
    ),
    models=st.lists(st.builds(ModelRecord, texts, texts, texts, texts), max_size=3),
    milliseconds=st.dictionaries(plain_texts, numbers, max_size=3),
)


def record(**changes: Any) -> PageRecord:
    """A page of one line."""
    first = PageRecord("scan.png", 0, (40, 30), (40, 30), lines=(LineRecord("글", 0.5, SQUARE),))
    return dataclasses.replace(first, **changes)


@given(page_records)
def test_nothing_is_lost_through_json(page: PageRecord) -> None:
    assert record_from_dict(record_to_dict(page)) == page
    dumped = dump_record(page)
    again = record_from_dict(json.loads(dumped))
    assert again == page
    assert dump_record(again) == dumped


def test_floats_come_back_to_the_last_bit() -> None:
    scores = [0.1, float(np.float32(0.9474271535873413)), 5e-324, 1 - 2**-53]
    page = record(lines=tuple(LineRecord("", score, SQUARE) for score in scores))
    again = record_from_dict(json.loads(dump_record(page)))
    assert [line.score.hex() for line in again.lines] == [score.hex() for score in scores]


def test_the_text_is_kept_as_it_was_recognised() -> None:
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af"  # 한글, spelled with jamo
    kept = record_from_dict(json.loads(dump_record(record(lines=(LineRecord(decomposed, 1, SQUARE),)))))
    assert kept.lines[0].text == decomposed


def test_one_line_of_json_for_each_line_in_utf_8() -> None:
    lines = tuple(LineRecord(text, 1, SQUARE) for text in ("한글", 'a"\n\0b', "\udc80"))
    rows = dump_record(record(lines=lines)).decode().split("\n")
    assert [row.split(",")[0] for row in rows if row.startswith('{"text"')] == [
        '{"text":"한글"',
        r'{"text":"a\"\n\u0000b"',
        r'{"text":"\udc80"',
    ]


def test_the_same_record_gives_the_same_bytes_whatever_the_order_of_its_settings() -> None:
    assert dump_record(record(settings={"a": 1, "b": {"c": 2, "d": 3}})) == dump_record(
        record(settings={"b": {"d": 3, "c": 2}, "a": 1})
    )
    assert dump_record(record(dpi=3)) == dump_record(record(dpi=3.0))


def test_times_can_be_left_out() -> None:
    fast, slow = record(milliseconds={"crops": 1.5}), record(milliseconds={"crops": 2.5})
    assert dump_record(fast) != dump_record(slow)
    assert dump_record(fast, with_times=False) == dump_record(slow, with_times=False) == dump_record(record())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"index": -1}, "index is -1"),
        ({"index": True}, "index is True"),
        ({"size_wh": (0, 3)}, "size_wh is 0"),
        ({"size_wh": (1.5, 3)}, "size_wh is 1.5"),
        ({"read_size_wh": 3}, "expected .width, height."),
        ({"dpi": 0}, "dpi is 0"),
        ({"dpi": math.inf}, "finite"),
        ({"angle": 45}, "angle is 45"),
        ({"source": b"a"}, "source is b'a'"),
        ({"settings": {"a": math.nan}}, "settings cannot be kept"),
        ({"settings": {"a": {1, 2}}}, "settings cannot be kept"),
        ({"settings": {1: 2}}, "names with plain values"),
        ({"milliseconds": {"crops": "1"}}, "finite number"),
    ],
)
def test_values_that_no_page_has_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordValueError, match=message):
        record(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"text": None}, "text is None"),
        ({"score": math.nan}, "score is nan"),
        ({"score": "1"}, "score is '1'"),
        ({"quad_xy": ((0, 0),) * 3}, "four .x, y. corners"),
        ({"quad_xy": ((0, 0, 0),) * 4}, "four .x, y. corners"),
        ({"quad_xy": None}, "four .x, y. corners"),
        ({"quad_xy": ((math.inf, 0),) * 4}, "finite"),
        ({"textline_angle": 90}, "textline_angle is 90"),
        ({"paddleocr_index": -1}, "paddleocr_index is -1"),
    ],
)
def test_values_that_no_line_has_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordValueError, match=message):
        dataclasses.replace(LineRecord("", 1.0, SQUARE), **wrong)


def _broken(**changes: Any) -> bytes:
    return json.dumps(record_to_dict(record()) | changes).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as JSON"),
        (dump_record(record())[:-20], "cannot be read as JSON"),
        (b"\xff\xfe\xfd", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b'{"a": NaN}', "NaN is not a number of JSON"),
        (b"{}", "expected a mapping with"),
        (b"3", "expected a mapping with"),
        (_broken(version=2), "version is 2"),
        (_broken(lines=3), "damaged"),
        (_broken(lines=[{"text": "a"}]), "damaged"),
        (_broken(size_wh="ab"), "damaged"),
        (_broken(more=1), "damaged"),
        (
            json.dumps({k: v for k, v in record_to_dict(record()).items() if k != "dpi"}).encode(),
            "dpi missing",
        ),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(content)
    with pytest.raises(RecordFormatError, match=message) as caught:
        load_records(path)
    assert "page.json" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordFormatError, match="cannot be read"):
        load_records(tmp_path / "none.json")


def test_a_folder_gives_its_records_in_the_order_of_their_paths(tmp_path: Path) -> None:
    assert load_records(tmp_path) == []
    pages = [record(index=index) for index in range(3)]
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.json").write_bytes(dump_record(pages[2]))
    (tmp_path / "a.json").write_bytes(b"[" + dump_record(pages[0]) + b"," + dump_record(pages[1]) + b"]")
    (tmp_path / "c.json").write_text('{"somebody": "else\'s"}')
    (tmp_path / "d.json").mkdir()
    assert list(iter_records(tmp_path)) == pages
    (tmp_path / "e.json").write_bytes(b'[{"half')
    with pytest.raises(RecordFormatError, match=r"e\.json"):
        load_records(str(tmp_path))


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """The pipeline as users load it."""
    return load_pipeline("starter")


def test_a_staged_result_is_kept_whole(pipeline: Any) -> None:
    (page,) = ocr.load_pages(SAMPLES / "turned_90.png")
    result = ocr.StagedPipeline(pipeline).run(page, TURNED)
    models = model_records(plan_pipeline("starter"))
    kept = page_record(page, result, TURNED, models)
    assert record_from_dict(json.loads(dump_record(kept))) == kept
    assert (kept.source, kept.page_number) == (page.source, 1)
    assert (kept.size_wh, kept.read_size_wh, kept.angle, kept.unwarped) == (
        page.size_wh,
        page.size_wh[::-1],
        90,
        False,
    )
    assert kept.dpi == page.dpi
    assert kept.settings == dataclasses.asdict(TURNED)
    assert [line.text for line in kept.lines] == [line.text for line in result.lines()]
    assert [line.paddleocr_index for line in kept.lines] == result.reading_order.tolist()
    order = result.reading_order
    assert np.array_equal([line.quad_xy for line in kept.lines], np.array(result["rec_polys"])[order])
    originals = np.array([line.original_quad_xy for line in kept.lines])
    assert np.array_equal(originals, result.polys_on_original()[order])
    assert {line.textline_angle for line in kept.lines} == {0}
    assert list(kept.milliseconds) == [name for name, step in result.steps.items() if step.on]
    assert [model.module for model in kept.models] == list(plan_pipeline("starter"))
    assert {model.source for model in kept.models} == {"starter"}


def test_paddleocrs_own_result_gives_the_same_record_without_times(pipeline: Any) -> None:
    (page,) = ocr.load_pages(SAMPLES / "turned_90.png")
    staged = page_record(page, ocr.StagedPipeline(pipeline).run(page, TURNED))
    (result,) = pipeline.predict(page.image_bgr, **TURNED.as_kwargs())
    own = page_record(page, result)
    assert own.milliseconds == {} and own.settings == dataclasses.asdict(TURNED)
    # PaddleOCR reads lines in batches, which can change a text; where they stand it cannot change.
    assert [line.quad_xy for line in own.lines] == [line.quad_xy for line in staged.lines]
    assert [line.original_quad_xy for line in own.lines] == [line.original_quad_xy for line in staged.lines]


def test_lines_turned_upright_are_told_apart_when_low_scores_drop_out(pipeline: Any) -> None:
    (upright,) = ocr.load_pages(SAMPLES / "receipt.png")
    half = upright.size_wh[1] // 2
    mixed = upright.image_bgr.copy()
    mixed[half:] = mixed[half:][::-1, ::-1]
    (page,) = ocr.load_pages(mixed)
    settings = ocr.PipelineSettings(use_textline_orientation=True)
    staged = ocr.StagedPipeline(pipeline)
    everything = page_record(page, staged.run(page, settings))
    scores = sorted(line.score for line in everything.lines)
    some = dataclasses.replace(settings, text_rec_score_thresh=scores[len(scores) // 3])
    kept = page_record(page, staged.run(page, some))
    assert 0 < len(kept.lines) < len(everything.lines)
    angles = {line.quad_xy: line.textline_angle for line in everything.lines}
    assert set(angles.values()) == {0, 180}
    assert [line.textline_angle for line in kept.lines] == [angles[line.quad_xy] for line in kept.lines]


def test_an_unwarped_page_has_no_place_on_the_original(pipeline: Any) -> None:
    (page,) = ocr.load_pages(SAMPLES / "receipt.png")
    settings = ocr.PipelineSettings(use_doc_unwarping=True)
    kept = page_record(page, ocr.StagedPipeline(pipeline).run(page, settings))
    assert kept.unwarped and kept.lines and {line.original_quad_xy for line in kept.lines} == {None}


def test_what_does_not_belong_together_is_refused(pipeline: Any) -> None:
    blank = np.full((60, 80, 3), 255, np.uint8)
    (page,) = ocr.load_pages(blank)
    result = ocr.StagedPipeline(pipeline).run(page)
    assert isinstance(result, StagedResult) and page_record(page, result).lines == ()
    (other,) = ocr.load_pages(np.full((80, 60, 3), 255, np.uint8))
    with pytest.raises(RecordSourceError, match="80 × 60 pixels"):
        page_record(other, result)
    with pytest.raises(RecordSourceError, match="page is ndarray"):
        page_record(blank, result)  # type: ignore[arg-type]
    with pytest.raises(RecordSourceError, match="result is dict"):
        page_record(page, {"rec_texts": []})

"""The staged run: equal to PaddleOCR's, and only what a change needs is computed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from benchmarks.exactness import ENGINES, GRID, SAMPLES, compare, load, sample_pages
from ocr_helpers.pages.image_arrays import ArrayDtypeError
from ocr_helpers.stages import RunStopped, StageInputError
from ocr_helpers.stages.models import ModuleNotLoadedError, NotAPipelineError, StageModels
from ocr_helpers.stages.result import STEPS, PageMappingError, StagedResult, TextLine

ALL_ON = GRID["all five modules"]
NETWORKS = ("doc_orientation", "unwarping", "detection_network", "textline_orientation", "text_recognition")


@pytest.fixture(scope="module", params=ENGINES)
def alone(request: pytest.FixtureRequest) -> Any:
    """A pipeline that reads one line at a time, per engine."""
    return load(ENGINES[request.param], 1)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """The pipeline as users load it."""
    return load("onnxruntime")


@pytest.fixture
def staged(pipeline: Any) -> ocr.StagedPipeline:
    """A staged pipeline that remembers nothing yet."""
    return ocr.StagedPipeline(pipeline)


def _on(toggle: str) -> dict[str, Any]:
    return {toggle: True}


def _page(name: str) -> ocr.Page:
    return ocr.load_pages(SAMPLES / name)[0]


@pytest.fixture(scope="module")
def notice() -> ocr.Page:
    """An upright, flat page."""
    return _page("notice.png")


@pytest.mark.parametrize("name", ["receipt.png", "turned_270.png", "curved.jpg"])
@pytest.mark.parametrize("grid", GRID)
def test_equals_paddleocr_with_either_engine(alone: Any, name: str, grid: str) -> None:
    found = compare(ocr.StagedPipeline(alone), alone, None, _page(name), GRID[grid])
    assert found.exact and found.boxes > 0, found


def test_equals_paddleocr_on_every_sample() -> None:
    alone = load("onnxruntime", 1)
    staged = ocr.StagedPipeline(alone)
    found = {
        f"{page.source} {page.index}": compare(staged, alone, None, page, ALL_ON) for page in sample_pages()
    }
    assert len(found) >= 14
    assert {name: row for name, row in found.items() if not row.exact} == {}


def test_only_batches_differ_from_the_defaults(pipeline: Any, notice: ocr.Page) -> None:
    alone = load("onnxruntime", 1)
    found = compare(ocr.StagedPipeline(pipeline), alone, pipeline, notice, GRID["defaults"])
    assert found.exact
    assert found.batched <= found.lines // 4


def test_paddlex_still_takes_the_first_line_of_a_batch_for_all(pipeline: Any) -> None:
    """Where this fails PaddleX has mended it, and load_pipeline's batch size of 1 is not needed any more."""
    lines = [line.image_bgr for line in ocr.load_sample_lines("notice")[:6]]
    mixed = [lines[0], *(np.ascontiguousarray(line[::-1, ::-1]) for line in lines[1:])]
    classify = pipeline.paddlex_pipeline._pipeline.textline_orientation_model
    together = [np.ravel(found["class_ids"])[0] for found in classify(mixed, batch_size=6)]
    alone = [np.ravel(found["class_ids"])[0] for found in classify(mixed, batch_size=1)]
    assert together == [0] * 6
    assert alone == [0, 1, 1, 1, 1, 1]


def test_a_line_does_not_depend_on_the_others(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    together = staged.run(notice)
    few = ocr.StagedPipeline(staged.pipeline).run(
        notice, ocr.PipelineSettings(detection=ocr.DetectionSettings(box_thresh=0.85))
    )
    whole = {quad.tobytes(): line for quad, *line in _rows(together)}
    rows = _rows(few)
    assert 0 < len(rows) < len(whole)
    for quad, text, score in rows:
        assert whole[quad.tobytes()][0] == text
        assert whole[quad.tobytes()][1] == pytest.approx(score, abs=1e-5)


def _rows(result: StagedResult) -> list[tuple[Any, str, float]]:
    return list(zip(result["rec_polys"], result["rec_texts"], result["rec_scores"], strict=True))


def test_result_is_paddleocrs(
    pipeline: Any, staged: ocr.StagedPipeline, notice: ocr.Page, tmp_path: Any
) -> None:
    ours = staged.run(notice, ALL_ON)
    theirs = pipeline.predict(np.array(notice.image_bgr), **ALL_ON.as_kwargs())[0]
    assert isinstance(ours, type(theirs))
    assert set(ours) == set(theirs)
    for key in ("model_settings", "text_type", "text_rec_score_thresh", "return_word_box", "page_index"):
        assert ours[key] == theirs[key], key
    assert ours["text_det_params"] == theirs["text_det_params"]
    assert ours["textline_orientation_angles"] == theirs["textline_orientation_angles"]
    assert ours["rec_boxes"].tolist() == theirs["rec_boxes"].tolist()
    assert ours["doc_preprocessor_res"]["angle"] == theirs["doc_preprocessor_res"]["angle"]
    assert ours["input_path"] == notice.source
    assert ours.json["res"].keys() == theirs.json["res"].keys()
    ours.save_to_img(str(tmp_path))
    ours.save_to_json(str(tmp_path))
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".json"}


def test_blank_page(pipeline: Any, staged: ocr.StagedPipeline) -> None:
    white = np.full((200, 300, 3), 255, np.uint8)
    result = staged.run(white, ALL_ON)
    assert set(result) == set(pipeline.predict(white, **ALL_ON.as_kwargs())[0])
    assert result["rec_texts"] == [] and result.lines() == [] and result.text() == ""
    assert result.reading_order.tolist() == []


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ({}, set()),
        ({"thresh": 0.2}, {"detection_boxes", "crops", "text_recognition"}),
        ({"box_thresh": 0.8}, {"detection_boxes"}),
        ({"unclip_ratio": 2.0}, {"detection_boxes", "crops", "text_recognition"}),
        ({"limit_side_len": 1200}, {"detection_network"}),
        ({"limit_side_len": 960, "limit_type": "max"},
         {"detection_network", "detection_boxes", "crops", "text_recognition"}),
    ],
)  # fmt: skip
def test_a_change_computes_only_what_follows_from_it(
    staged: ocr.StagedPipeline, notice: ocr.Page, change: dict[str, Any], computed: set[str]
) -> None:
    first = staged.run(notice)
    assert {step.name for step in first.steps.values() if step.on and not step.remembered} == set(STEPS) - {
        "doc_orientation",
        "unwarping",
        "textline_orientation",
    }
    second = staged.run(notice, ocr.PipelineSettings(detection=ocr.DetectionSettings(**change)))
    assert {step.name for step in second.steps.values() if step.on and not step.remembered} <= computed
    if "thresh" in change or "limit_type" in change:
        assert not second.steps["detection_boxes"].remembered
    networks = [step.network_milliseconds for step in second.steps.values() if step.remembered]
    assert not any(networks)


def test_limits_that_lead_to_one_size_share_a_network_run(
    staged: ocr.StagedPipeline, notice: ocr.Page
) -> None:
    short = min(notice.size_wh)
    staged.run(notice)
    second = staged.run(
        notice, ocr.PipelineSettings(detection=ocr.DetectionSettings(limit_side_len=short - 1))
    )
    assert second.steps["detection_network"].network_milliseconds == 0
    assert second.steps["detection_boxes"].remembered


@pytest.mark.parametrize(
    "toggle", ["use_doc_orientation_classify", "use_doc_unwarping", "use_textline_orientation"]
)
def test_a_toggle_changed_back_is_remembered(
    staged: ocr.StagedPipeline, notice: ocr.Page, toggle: str
) -> None:
    off = ocr.PipelineSettings()
    before = staged.run(notice, off)
    changed = staged.run(notice, replace(off, **_on(toggle)))
    assert any(not step.remembered for step in changed.steps.values() if step.on)
    back = staged.run(notice, off)
    assert all(step.remembered for step in back.steps.values() if step.on)
    assert back["rec_texts"] == before["rec_texts"]


def test_an_upright_page_is_not_read_again_for_its_orientation(
    staged: ocr.StagedPipeline, notice: ocr.Page
) -> None:
    staged.run(notice)
    steps = staged.run(notice, ocr.PipelineSettings(use_doc_orientation_classify=True)).steps
    assert steps["doc_orientation"].detail["angle"] == 0 and steps["doc_orientation"].detail["score"] > 0.5
    assert [name for name in STEPS if steps[name].on and not steps[name].remembered] == ["doc_orientation"]


def test_new_crops_only_are_read(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    few = staged.run(notice, ocr.PipelineSettings(detection=ocr.DetectionSettings(box_thresh=0.85)))
    steps = staged.run(notice).steps
    known = few.steps["text_recognition"].detail["lines"]
    assert steps["text_recognition"].detail["read"] == steps["text_recognition"].detail["lines"] - known > 0


def test_pages_are_told_apart_by_their_pixels(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    staged.run(notice)
    pixels = np.array(notice.image_bgr)
    assert all(step.remembered for step in staged.run(pixels).steps.values() if step.on)
    pixels[0, 0] ^= 1
    assert not staged.run(pixels).steps["detection_network"].remembered


def test_turned_page_boxes_and_their_place_on_the_original(staged: ocr.StagedPipeline) -> None:
    page = _page("turned_90.png")
    result = staged.run(page, ocr.PipelineSettings(use_doc_orientation_classify=True))
    upright = staged.run(_page("turned_180.png"), ocr.PipelineSettings(use_doc_orientation_classify=True))
    assert result.boxes_on == upright.boxes_on == "turned"
    assert result.page_bgr.shape[:2] == page.image_bgr.shape[1::-1]
    back = result.polys_on_original()
    assert back.shape == (len(result["rec_polys"]), 4, 2)
    width, height = page.size_wh
    assert (back >= -2).all() and (back[..., 0] <= width + 2).all() and (back[..., 1] <= height + 2).all()
    # Each box holds the same ink on both pictures.
    for quad, moved in zip(result["rec_polys"], back, strict=True):
        ink = [_darkness(result.page_bgr, quad), _darkness(page.image_bgr, moved)]
        assert ink[0] == pytest.approx(ink[1], abs=6), quad


def _darkness(image_bgr: Any, quad_xy: Any) -> float:
    x0, y0 = np.maximum(np.min(quad_xy, axis=0), 0).astype(int)
    x1, y1 = np.max(quad_xy, axis=0).astype(int)
    return float(image_bgr[y0 : y1 + 1, x0 : x1 + 1].mean())


@pytest.mark.parametrize("angle", [90, 180, 270])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (31, 200), (48, 201), (301, 200)])
def test_images_are_turned_as_paddlex_turns_them(pipeline: Any, size: tuple[int, int], angle: int) -> None:
    from paddlex.inference.pipelines.components import rotate_image

    image_bgr = np.random.default_rng(0).integers(1, 256, (*size, 3), np.uint8)
    turned = StageModels(pipeline).turned(image_bgr, angle)
    np.testing.assert_array_equal(turned, rotate_image(image_bgr, angle))


def test_boxes_of_an_unwarped_page_are_not_mapped(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    result = staged.run(notice, ocr.PipelineSettings(use_doc_unwarping=True))
    assert result.boxes_on == "unwarped"
    with pytest.raises(PageMappingError, match="page_bgr"):
        result.polys_on_original()


def test_off_modules_leave_the_original(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    result = staged.run(notice)
    assert result.boxes_on == "original"
    assert result.page_bgr is notice.image_bgr is result.original_bgr
    assert np.array_equal(result.polys_on_original(), np.array(result["rec_polys"], np.float32))


def test_reading_order_beside_paddleocrs(staged: ocr.StagedPipeline) -> None:
    result = staged.run(_page("newsletter_two_columns.png"))
    raw, read = result.lines("paddleocr"), result.lines()
    assert [line.text for line in raw] == result["rec_texts"]
    assert sorted(line.text for line in read) == sorted(line.text for line in raw)
    assert read != raw
    assert result.text() == "\n".join(line.text for line in read)
    with pytest.raises(ValueError, match="'reading' or 'paddleocr'"):
        result.lines("columns")  # type: ignore[arg-type]


def test_lines_are_equal_where_all_they_say_is() -> None:
    def line(text: str = "가", score: float = 0.5, side: int = 9) -> TextLine:
        quad_xy = np.array([(0, 0), (side, 0), (side, 9), (0, 9)], np.int16)
        return TextLine(text, score, quad_xy)

    assert line() == line() and len({line(), line()}) == 1
    assert line() in [line("나"), line()] and line() not in [line("나"), line(score=0.6), line(side=8), "가"]


def test_inputs_and_memory_cannot_be_spoiled(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    pixels = np.array(notice.image_bgr)
    kept = pixels.copy()
    result = staged.run(pixels, ALL_ON)
    assert np.array_equal(pixels, kept) and pixels.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        result["dt_polys"][0][0, 0] = 0
    result["rec_texts"].clear()
    result["dt_polys"].clear()
    assert staged.run(pixels, ALL_ON)["rec_texts"]


def test_memory_limit_holds(pipeline: Any, notice: ocr.Page) -> None:
    small = ocr.StagedPipeline(pipeline, memory_limit_mb=12)
    texts = [small.run(page)["rec_texts"] for page in (notice, _page("mixed.png"), notice)]
    assert 0 < small.memory.used_bytes <= 12_000_000
    assert texts[0] == texts[2]
    small.forget()
    assert small.memory.used_bytes == 0 and len(small.memory) == 0


@pytest.mark.parametrize(("option", "value"), [("use_dilation", True), ("max_candidates", 5)])
def test_another_post_processing_stays_paddlexs(
    pipeline: Any, notice: ocr.Page, monkeypatch: pytest.MonkeyPatch, option: str, value: object
) -> None:
    models = StageModels(pipeline)
    settings = ocr.DetectionSettings()
    found = models.probability_map(*models.detection_input(notice.image_bgr, settings))
    usual = models.boxes(found, settings)
    post = models._detection.post_op
    monkeypatch.setattr(post, option, value)
    (wanted,), _ = post([found.probabilities], [found.shape], thresh=0.3, box_thresh=0.6, unclip_ratio=1.5)
    quads = [quad.tolist() for quad in models.boxes(found, settings)]
    assert sorted(quads) == sorted(wanted.tolist())
    assert quads != [quad.tolist() for quad in usual]


def test_a_memory_of_nothing_reads_the_same(pipeline: Any, notice: ocr.Page) -> None:
    nothing = ocr.StagedPipeline(pipeline, memory_limit_mb=0)
    wanted = ocr.StagedPipeline(pipeline).run(notice, ALL_ON)
    for _ in range(2):
        found = nothing.run(notice, ALL_ON)
        assert found["rec_texts"] == wanted["rec_texts"] and found["rec_scores"] == wanted["rec_scores"]
        assert not any(step.remembered for step in found.steps.values() if step.on)
    assert len(nothing.memory) == 0


def test_stopping_keeps_what_was_computed(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    begun: list[str] = []
    with pytest.raises(RunStopped, match="crops"):
        staged.run(notice, on_step=begun.append, should_stop=lambda: "detection_boxes" in begun)
    assert begun == ["detection_network", "detection_boxes"]
    steps = staged.run(notice).steps
    assert steps["detection_boxes"].remembered and not steps["text_recognition"].remembered


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda s, p: s.run("notice.png"), StageInputError, "load_pages"),
        (lambda s, p: s.run(None), StageInputError, "NoneType"),
        (lambda s, p: s.run(np.zeros((4, 4), np.uint8)), StageInputError, r"\(4, 4\)"),
        (lambda s, p: s.run(np.zeros((4, 4, 3), np.float32)), ArrayDtypeError, "float32"),
        (lambda s, p: s.run(p, {"use_doc_unwarping": True}), StageInputError, "dict"),
        (lambda s, p: s.run(p, ocr.DetectionSettings()), StageInputError, "DetectionSettings"),
        (lambda s, p: ocr.StagedPipeline(object()), NotAPipelineError, "object"),
        (lambda s, p: ocr.StagedPipeline(s), NotAPipelineError, "StagedPipeline"),
        (lambda s, p: ocr.StagedPipeline(s.pipeline, memory_limit_mb=-1), ocr.OcrHelpersError, "-1"),
        (
            lambda s, p: ocr.StagedPipeline(s.pipeline, memory_limit_mb=float("nan")),
            ocr.OcrHelpersError,
            "nan",
        ),
    ],
)
def test_bad_input(
    staged: ocr.StagedPipeline,
    notice: ocr.Page,
    call: Callable[[Any, ocr.Page], Any],
    error: type[Exception],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        call(staged, notice)


def test_detection_and_reading_alone_are_those_of_a_run(staged: ocr.StagedPipeline, notice: ocr.Page) -> None:
    detection = ocr.DetectionSettings(thresh=0.25)
    page_map = staged.probability_map(notice, detection)
    result = staged.run(notice, ocr.PipelineSettings(detection=detection))
    assert result.steps["detection_network"].remembered
    candidates = staged.detect(notice, detection)
    quads = list(candidates.kept_quads_xy)
    ordered = [quads[place] for place in staged.reading_places(quads)]
    np.testing.assert_array_equal(ordered, result["dt_polys"])
    lines = staged.read(page_map, ordered)
    assert [text for text, _ in lines] == result["rec_texts"]
    assert [score for _, score in lines] == result["rec_scores"]
    assert not staged.probability_map(notice, detection).probabilities.flags.writeable


@pytest.fixture(scope="module")
def two_modules() -> Iterator[Any]:
    """PaddleOCR without the optional modules, made without our loader."""
    import paddleocr

    found = ocr.find_weights("starter", modules=["text_detection", "text_recognition"])
    detection, recognition = found["text_detection"], found["text_recognition"]
    yield paddleocr.PaddleOCR(
        text_detection_model_name=detection.model_name,
        text_detection_model_dir=str(detection.model_dir),
        text_recognition_model_name=recognition.model_name,
        text_recognition_model_dir=str(recognition.model_dir),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
    )


@pytest.mark.parametrize(
    "toggle", ["use_doc_orientation_classify", "use_doc_unwarping", "use_textline_orientation"]
)
def test_a_module_that_was_not_loaded_is_named(two_modules: Any, notice: ocr.Page, toggle: str) -> None:
    staged = ocr.StagedPipeline(two_modules)
    with pytest.raises(ModuleNotLoadedError, match=f"{toggle}.*load_pipeline"):
        staged.run(notice, ocr.PipelineSettings(**_on(toggle)))
    assert staged.run(notice)["rec_texts"]

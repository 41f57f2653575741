"""The object under the review widget: corrections, undo, the journal, and what is exported."""

import json
import shutil
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from review_kernel import SAMPLES, SCORES, TEXTS, Kernel, labelled_result, result

from ocr_helpers.ground_truth import truth_beside
from ocr_helpers.labels import LabelledPage, load_labelled_pages
from ocr_helpers.labels.rows import LabelConflictError
from ocr_helpers.line_review import CorrectionError, LineCorrections, LineState
from ocr_helpers.line_review.journal import JournalError, OtherPagesError
from ocr_helpers.line_review.sources import ReviewSourceError
from ocr_helpers.pages import load_pages

Make = Callable[..., LineCorrections]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that opens a review of two pages, with the same journal each time."""

    def make(source: Any = None, autosave: Any = tmp_path / "review.jsonl") -> LineCorrections:
        given = [result(), result(["둘째 쪽"], [0.9], seed=1)] if source is None else source
        return LineCorrections(given, autosave=autosave)

    return make


def texts(review: LineCorrections) -> list[str]:
    return [line.now.text for line in review.lines()]


def states(review: LineCorrections) -> list[str]:
    return [line.now.state for line in review.lines()]


# Finding


def test_lines_stand_in_reading_order_as_they_were_read(make: Make) -> None:
    review = make()
    assert texts(review) == [*TEXTS, "둘째 쪽"]
    assert [line.page for line in review.lines()] == [0] * 5 + [1]
    assert [line.found.score for line in review.lines(0)] == SCORES
    assert review.counts == {
        "total": 6, "open": 6, "done": 0, "unreadable": 0, "deleted": 0, "corrected": 0, "added": 0
    }  # fmt: skip


FINDS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 3, 4, 5]),
    ({"below": 0.95}, [2, 4, 5]),
    ({"below": 0}, []),
    ({"search": "합계"}, [1]),
    ({"search": unicodedata.normalize("NFD", "합계")}, [1]),
    ({"search": "없는 글"}, []),
    ({"page": 1}, [5]),
    ({"show": "open"}, [0, 4, 5]),
    ({"show": "done"}, [1, 2]),
    ({"show": "corrected"}, [2]),
    ({"show": "deleted"}, [3]),
    ({"search": "저는오늘"}, [2]),
    ({"search": "저는 오늘"}, [2]),
    ({"show": "open", "below": 0.8, "page": 0}, [4]),
]


@pytest.mark.parametrize(("asked", "expected"), FINDS)
def test_find(make: Make, asked: dict[str, Any], expected: list[int]) -> None:
    review = make()
    review.correct(1)
    review.correct(2, "저는 오늘 오후에")
    review.correct(3, state="deleted")
    assert review.find(**asked) == expected


# Correcting


def test_a_correction_is_cleaned(make: Make) -> None:
    review = make()
    decomposed = unicodedata.normalize("NFD", " 저는\t오늘\n오후에\u0000 ")
    assert review.correct(2, decomposed) == [2]
    line = review.line(2)
    assert (line.now.text, line.now.state, line.is_corrected) == ("저는 오늘 오후에", "done", True)
    assert line.found.text == TEXTS[2]


BAD: list[tuple[Any, ...]] = [
    (99, "가", "done"),
    (-1, "가", "done"),
    (True, "가", "done"),
    ("0:1,2,3", "가", "done"),
    ("nonsense", "가", "done"),
    (0, "  ", "done"),
    (0, "가", "finished"),
    (0, 7, "done"),
]


@pytest.mark.parametrize(("line", "text", "state"), BAD)
def test_what_is_no_correction(make: Make, line: Any, text: Any, state: Any, tmp_path: Path) -> None:
    review = make()
    with pytest.raises(CorrectionError):
        review.correct(line, text, state)
    assert texts(review) == [*TEXTS, "둘째 쪽"]
    assert not (tmp_path / "review.jsonl").exists()


def test_undo_and_redo_go_step_by_step(make: Make) -> None:
    review = make()
    review.correct(2, "저는 오늘 오후에")
    review.correct(3, state="deleted")
    review.correct(3, state="deleted")  # nothing new is no step
    assert review.accept_above(0.9) == [0, 1, 5]
    assert states(review) == ["done", "done", "done", "deleted", "open", "done"]
    assert review.undo() == [0, 1, 5]
    assert states(review) == ["open", "open", "done", "deleted", "open", "open"]
    assert review.undo() == [3]
    assert review.undo() == [2]
    assert (texts(review)[2], review.can_undo, review.undo()) == (TEXTS[2], False, [])
    assert [review.redo(), review.redo()] == [[2], [3]]
    assert review.can_redo
    review.correct(0)
    assert (review.can_redo, review.redo()) == (False, [])


def test_accepting_leaves_lines_without_a_text_or_a_score(make: Make, tmp_path: Path) -> None:
    review = make([result(["", "가"], [0.99, float("nan")])])
    assert review.accept_above(0) == []
    for wrong in ("0.5", None, float("nan"), True):
        with pytest.raises(CorrectionError):
            review.accept_above(wrong)  # type: ignore[arg-type]


# The journal


def test_everything_is_there_again(make: Make) -> None:
    review = make()
    review.correct(2, "저는 오늘 오후에")
    review.correct(0, state="unreadable")
    review.accept_above(0.95)
    review.correct(4, state="deleted")
    review.undo()
    again = make()
    assert texts(again) == texts(review)
    assert states(again) == states(review) == ["unreadable", "done", "done", "done", "open", "open"]
    assert again.redo() == [4]
    assert [again.undo() for _ in range(4)] == [[4], [1, 3], [0], [2]]
    assert not again.can_undo


def test_each_correction_is_on_the_disk_before_it_counts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    review = make()
    review.correct(0)
    synced: list[int] = []
    monkeypatch.setattr("ocr_helpers.line_review.journal.os.fsync", synced.append)
    review.correct(1)
    assert len(synced) == 1

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ocr_helpers.line_review.journal.os.fsync", full)
    with pytest.raises(JournalError, match="No space left"):
        review.correct(2, "저는 오늘 오후에")
    assert texts(review)[2] == TEXTS[2]


def test_a_correction_that_comes_twice_counts_once(make: Make) -> None:
    review = make()
    assert review.correct(2, "하나", id="x-1") == [2]
    review.correct(2, "둘", id="x-2")
    assert review.correct(2, "하나", id="x-1") == []
    again = make()
    assert again.correct(2, "하나", id="x-1") == []
    assert texts(again)[2] == "둘"


def test_a_write_cut_off_by_a_crash_harms_only_itself(make: Make, tmp_path: Path) -> None:
    review = make()
    review.correct(0, "첫째")
    path = tmp_path / "review.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id":"y","do":"set","lines":{"0:10,1')
    again = make()
    assert texts(again)[0] == "첫째"
    again.correct(1, "둘째")
    third = make()
    assert (texts(third)[:2], third.damaged) == (["첫째", "둘째"], 1)


def test_two_reviews_of_one_journal_stay_in_step(make: Make) -> None:
    first, second = make(), make()
    first.correct(0, "하나")
    second.correct(1, "둘")
    assert texts(second)[:2] == ["하나", "둘"]
    assert first.catch_up() == [1]
    assert first.undo() == [1]
    assert texts(make())[:2] == ["하나", TEXTS[1]]


def test_several_threads_lose_nothing(make: Make) -> None:
    review = make()
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda k: review.correct(k % 6, f"글 {k}"), range(60)):
            pass
    again = make()
    assert texts(again) == texts(review)
    assert sum(bool(again.undo()) for _ in range(60)) == 60


def test_a_journal_that_was_taken_away_is_written_again(make: Make, tmp_path: Path) -> None:
    review = make()
    review.correct(0, "하나")
    (tmp_path / "review.jsonl").unlink()
    review.correct(1, "둘")
    assert texts(make())[:2] == ["하나", "둘"]


def test_a_journal_that_became_shorter_is_not_written_to(make: Make, tmp_path: Path) -> None:
    review = make()
    review.correct(0, "하나")
    path = tmp_path / "review.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(JournalError, match="shorter"):
        review.correct(1, "둘")


def test_the_journal_of_other_pages_is_refused(make: Make, tmp_path: Path) -> None:
    make([result(source="영수증.png")]).correct(0, "하나")
    before = (tmp_path / "review.jsonl").read_bytes()
    with pytest.raises(OtherPagesError, match=r"영수증\.png.*Choose another file"):
        make([result(seed=5)])
    assert (tmp_path / "review.jsonl").read_bytes() == before


def test_the_same_pages_with_other_boxes(make: Make) -> None:
    review = make()
    review.correct(2, "저는 오늘 오후에")
    moved, other = result(), result()
    moved["rec_polys"] = [quad + np.int16(1) for quad in moved["rec_polys"]]
    other["rec_polys"] = [quad + np.array([9, 0], np.int16) for quad in other["rec_polys"]]
    second = result(["둘째 쪽"], [0.9], seed=1)
    assert texts(make([moved, second]))[2] == "저는 오늘 오후에"
    with pytest.raises(OtherPagesError, match=r"1 of its lines.*settings"):
        make([other, second])


@pytest.mark.parametrize("content", ["", "\n", "no journal\n", '{"journal": "other"}\n', "[]\n"])
def test_a_file_that_is_no_journal(make: Make, tmp_path: Path, content: str) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(content, encoding="utf-8")
    if not content:
        make().correct(0, "하나")
        assert texts(make())[0] == "하나"
        return
    with pytest.raises(JournalError, match="no journal"):
        make()
    assert path.read_text(encoding="utf-8") == content


def test_a_record_of_another_form(make: Make, tmp_path: Path) -> None:
    make().correct(0, "하나")
    with (tmp_path / "review.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id":"z","do":"set","lines":[1]}\n')
    with pytest.raises(JournalError, match="another form"):
        make()


def test_a_folder_that_cannot_be_written(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    review = make(autosave=tmp_path / "file" / "review.jsonl")
    with pytest.raises(JournalError, match=r"not saved.*cannot be written"):
        review.correct(0, "하나")
    assert texts(review)[0] == TEXTS[0]


def test_the_journal_has_a_name_of_its_own_per_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        LineCorrections(result(seed=seed, source="영수증.png")).correct(0, f"글 {seed}")
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 2
    assert all(name.startswith("line_review_영수증_") for name in names)
    assert LineCorrections(result(source="다른 이름.png"), autosave=None).autosave is None


# Sources


def test_lines_that_stood_upside_down_begin_at_their_own_first_corner() -> None:
    given = result() | {"textline_orientation_angles": [0, 1, 0, 0, 0]}
    review = LineCorrections(given, autosave=None)
    first, second = (line.found.quad_xy for line in review.lines()[:2])
    assert first[0].tolist() == [10, 10]
    assert second[0].tolist() == [290, 60]


def test_a_pipeline_and_pages(repository: Path, tmp_path: Path) -> None:
    from ocr_helpers.loading.pipeline import load_pipeline

    (receipt,) = load_pages(repository / "data" / "samples" / "receipt.png")
    review = LineCorrections(load_pipeline("starter"), receipt, autosave=tmp_path / "review.jsonl")
    assert len(review) == 65
    assert review.line(0).found.text == "온누리마트"
    review.save_labels(tmp_path / "set")
    (page,) = load_labelled_pages(tmp_path / "set")
    assert page.texts == tuple(texts(review))
    assert np.array_equal(page.load().image_bgr, receipt.image_bgr)


def test_labels_are_reviewed_again(repository: Path) -> None:
    review = LineCorrections(
        load_labelled_pages(repository / "data" / "samples" / "notice.png"), autosave=None
    )
    assert review.line(0).found.score is None
    assert review.find(below=1.0) == []
    assert review.labels[0].texts == tuple(texts(review))


@pytest.mark.parametrize("source", [None, "page.png", 3, [], [None], [{"rec_texts": []}]])
def test_what_cannot_be_reviewed(source: Any) -> None:
    with pytest.raises(ReviewSourceError):
        LineCorrections(source, autosave=None)


def test_texts_without_boxes_cannot_be_reviewed(tmp_path: Path) -> None:
    with pytest.raises(ReviewSourceError, match="without boxes"):
        LineCorrections(LabelledPage(tmp_path / "a.png", ("가",)), autosave=None)


def test_a_page_without_lines(make: Make, tmp_path: Path) -> None:
    empty = result(["가"], [1.0]) | {"rec_texts": [], "rec_scores": [], "rec_polys": [], "dt_polys": []}
    review = make([empty])
    assert (len(review), review.find(), review.accept_above(0)) == (0, [], [])
    review.save_labels(tmp_path / "set")
    assert load_labelled_pages(tmp_path / "set")[0].texts == ()


# Export


def corrected(review: LineCorrections) -> LineCorrections:
    review.correct(0)
    review.correct(2, "저는 오늘 오후에")
    review.correct(3, state="deleted")
    review.correct(4, state="unreadable")
    return review


EXPECTED = ["온누리마트", "합계 12,900원", "저는 오늘 오후에"]


def test_truths_and_labels(make: Make) -> None:
    review = corrected(make())
    first, second = review.truths
    assert list(first.texts) == EXPECTED
    assert second.texts == ("둘째 쪽",)
    assert first.quads_xy[2].tolist() == [[10, 70], [290, 70], [290, 90], [10, 90]]
    assert review.labels[0].texts == (*EXPECTED, "###")


def test_labels_for_paddleocr(make: Make, tmp_path: Path) -> None:
    review = corrected(make())
    folder = tmp_path / "내 자료"
    assert review.save_labels(folder) == folder / "Label.txt"
    first, second = load_labelled_pages(folder)
    assert first.texts == (*EXPECTED, "###")
    assert np.array_equal(first.load().image_bgr, review.pages[0].load())
    assert (folder / "Label.txt").read_text(encoding="utf-8").startswith("내 자료/")
    lines = load_labelled_pages(folder / "rec_gt.txt")
    assert [line.text for line in lines] == [*EXPECTED, "둘째 쪽"]
    page = review.pages[0].load()
    assert np.array_equal(lines[0].load().image_bgr, page[10:30, 10:290])
    assert second.path != first.path


def test_saving_again_replaces_what_was_saved_and_nothing_else(make: Make, tmp_path: Path) -> None:
    review = corrected(make())
    folder = tmp_path / "set"
    review.save_labels(folder)
    review.correct(1, state="deleted")
    again = make()  # also after a restart
    again.save_labels(folder)
    assert [line.text for line in load_labelled_pages(folder / "rec_gt.txt")] == [
        "온누리마트", "저는 오늘 오후에", "둘째 쪽"
    ]  # fmt: skip
    by_hand = (folder / "Label.txt").read_text(encoding="utf-8").replace("온누리", "온 누리")
    (folder / "Label.txt").write_text(by_hand, encoding="utf-8")
    with pytest.raises(LabelConflictError):
        again.save_labels(folder)
    assert (folder / "Label.txt").read_text(encoding="utf-8") == by_hand
    again.save_labels(folder, replace=True)
    assert "온 누리" not in (folder / "Label.txt").read_text(encoding="utf-8")


def test_ground_truth_beside_new_pictures(make: Make, tmp_path: Path) -> None:
    review = corrected(make())
    paths = review.save_ground_truth(tmp_path / "truth")
    assert len(paths) == 2
    (page,) = load_pages(paths[0].with_suffix(".png"))
    known = truth_beside(page)
    assert known is not None
    assert list(known.texts) == [*EXPECTED, "###"]
    review.correct(0, "온 누리 마트")
    review.save_ground_truth(tmp_path / "truth")
    assert load_labelled_pages(paths[0])[0].truth is not None
    (tmp_path / "truth" / paths[0].name).write_text("{}", encoding="utf-8")
    with pytest.raises(LabelConflictError):
        review.save_ground_truth(tmp_path / "truth")


def test_pictures_that_lie_in_the_folder_are_not_written_again(repository: Path, tmp_path: Path) -> None:
    samples = repository / "data" / "samples"
    for name in ("notice.png", "report_three_pages.pdf"):
        shutil.copy(samples / name, tmp_path)
        shutil.copy((samples / name).with_suffix(".json"), tmp_path)
    labelled = [page for path in sorted(tmp_path.glob("*.p*")) for page in load_labelled_pages(path)]
    review = LineCorrections(labelled, autosave=None)
    assert len(review.pages) == 4
    for path in tmp_path.glob("*.json"):
        path.unlink()
    review.correct(0, "고친 글")
    paths = review.save_ground_truth(tmp_path)
    assert sorted(path.name for path in paths) == ["notice.json", "report_three_pages.json"]
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".pdf", ".json"}
    assert load_labelled_pages(tmp_path / "notice.json")[0].texts[0] == "고친 글"
    review.save_labels(tmp_path)
    keys = [row.split("\t")[0] for row in (tmp_path / "Label.txt").read_text(encoding="utf-8").splitlines()]
    pages = [f"{tmp_path.name}/report_three_pages_page{k}.png" for k in (1, 2, 3)]
    assert keys == [f"{tmp_path.name}/notice.png", *pages]


def test_pictures_of_lines(tmp_path: Path) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (24, 90, 3), np.uint8)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", crop)[1].tobytes())
    (tmp_path / "rec_gt.txt").write_text("a.png\t가나다\n", encoding="utf-8")
    review = LineCorrections(load_labelled_pages(tmp_path), autosave=None)
    review.correct(0, "가나 다")
    assert review.save_labels(tmp_path / "out").name == "rec_gt.txt"
    (line,) = load_labelled_pages(tmp_path / "out")
    assert (line.text, np.array_equal(line.load().image_bgr, crop)) == ("가나 다", True)


# The widget's messages


def test_messages_are_answered(tmp_path: Path) -> None:
    kernel = Kernel([result()], tmp_path / "review.jsonl")
    _, found = kernel.answer({"kind": "find", "id": "a-1", "below": 0.8})
    assert found["message"] == {"kind": "answer", "id": "a-1", "lines": [2, 4]}
    _, rows = kernel.answer({"kind": "rows", "id": "a-2", "lines": [2]})
    (row,) = rows["message"]["rows"]
    assert (row["text"], row["score"], row["state"]) == (TEXTS[2], "0.62", "open")
    assert len(rows["buffers"]) == 1
    edit = {"kind": "edit", "id": "a-3", "key": row["key"], "text": "저는 오늘", "state": "done"}
    state, changed, accepted = kernel.answer(edit)
    assert changed["message"] == {"kind": "changed", "lines": [2], "gone": [], "added": []}
    assert accepted["message"]["kind"] == "accepted"
    assert state["state"]["status"]["counts"]["corrected"] == 1
    json.dumps(kernel.state())


REFUSED: list[dict[str, Any]] = [
    {"kind": "edit", "key": "0:1", "text": "가", "state": "done"},
    {"kind": "edit"},
    {"kind": "rows", "lines": [99]},
    {"kind": "rows", "lines": 3},
    {"kind": "find", "below": "x"},
    {"kind": "find", "show": "some"},
    {"kind": "accept", "score": None},
]


@pytest.mark.parametrize("content", REFUSED)
def test_messages_that_cannot_be_done_are_refused_in_the_panel(content: dict[str, Any]) -> None:
    kernel = Kernel([result()], None)
    _, refused = kernel.answer(content | {"id": "a-1"})
    assert (refused["message"]["kind"], refused["message"]["id"]) == ("refused", "a-1")
    assert refused["message"]["text"]


# Lines that were missed


BOX = [[10.4, 160.0], [290.0, 160.0], [290.0, 168.0], [10.4, 168.0]]


@pytest.fixture(scope="module")
def staged() -> Any:
    import ocr_helpers as ocr

    return ocr.StagedPipeline(ocr.load_pipeline("starter"))


def test_an_added_line_stands_where_it_is_read(make: Make) -> None:
    review = make()
    number = review.add_line(0, [[10, 32], [290, 32], [290, 38], [10, 38]])
    assert number == 6
    assert [line.number for line in review.lines()] == [0, 6, 1, 2, 3, 4, 5]
    assert review.find() == [0, 6, 1, 2, 3, 4, 5]
    assert review.find(page=1) == [5]
    line = review.line(number)
    assert (line.now.text, line.now.state, line.found.score, line.found.added) == ("", "open", None, True)
    assert review.accept_above(0) == [0, 1, 2, 3, 4, 5]
    review.correct(number, "빠진 줄")
    assert review.truths[0].texts == (TEXTS[0], "빠진 줄", *TEXTS[1:])
    assert review.truths[0].quads_xy[1].tolist() == [[10, 32], [290, 32], [290, 38], [10, 38]]
    counts = review.counts
    assert (counts["total"], counts["added"], counts["done"]) == (7, 1, 7)


BAD_BOXES: list[tuple[Any, Any, str]] = [
    (2, BOX, "no page 2"),
    (-1, BOX, "no page"),
    (True, BOX, "no page"),
    (0, None, "four corners"),
    (0, [[1, 2]] * 3, "four corners"),
    (0, [["a", 1]] * 4, "four corners"),
    (0, [[1, 1], [9, 1], [9, float("nan")], [1, 9]], "no number"),
    (0, [[1, 1], [3, 1], [3, 9], [1, 9]], "cannot hold a line"),
    (0, BOX[::-1], "clockwise"),
    (0, [[400, 10], [500, 10], [500, 30], [400, 30]], "cannot hold a line"),  # right of the page
]


@pytest.mark.parametrize(("page", "quad", "message"), BAD_BOXES)
def test_what_is_no_box(make: Make, page: Any, quad: Any, message: str, tmp_path: Path) -> None:
    review = make()
    with pytest.raises(CorrectionError, match=message):
        review.add_line(page, quad)
    assert len(review) == 6
    assert not (tmp_path / "review.jsonl").exists()


def test_a_box_that_reaches_over_the_edge_is_cut(make: Make) -> None:
    review = make()
    number = review.add_line(0, [[-20, 160], [400, 160], [400, 400], [-20, 400]])
    assert review.line(number).found.quad_xy.tolist() == [[0, 160], [300, 160], [300, 170], [0, 170]]


def test_the_same_box_twice_is_one_line(make: Make) -> None:
    review = make()
    number = review.add_line(0, BOX, id="x-1")
    assert review.add_line(0, BOX, id="x-1") == number
    with pytest.raises(CorrectionError, match="already"):
        review.add_line(0, BOX)
    assert len(review) == 7
    review.undo()
    assert review.add_line(0, BOX) == number
    assert len(make()) == 7


def test_adding_under_undo_and_after_a_restart(make: Make) -> None:
    review = make()
    number = review.add_line(0, BOX)
    review.correct(number, "빠진 줄")
    review.correct(3, state="deleted")
    assert [review.undo(), review.undo(), review.undo()] == [[3], [number], [number]]
    assert len(review) == 6
    assert not review.is_there(number)
    with pytest.raises(CorrectionError, match="redo"):
        review.correct(number, "빠진 줄")
    assert review.find() == [0, 1, 2, 3, 4, 5]
    assert [review.redo(), review.redo()] == [[number], [number]]
    again = make()
    assert again.line(number).now.text == "빠진 줄"
    assert [again.redo(), again.undo(), again.undo(), again.undo()] == [[3], [3], [number], [number]]
    assert len(again) == 6
    assert len(make()) == 6


def test_two_reviews_of_one_journal_see_each_others_lines(make: Make) -> None:
    first, second = make(), make()
    number = first.add_line(0, BOX)
    second.correct(first.line(number).key, "둘째가 고침")
    assert second.add_line(1, [[20, 2], [200, 2], [200, 9], [20, 9]]) == number + 1
    first.catch_up()
    assert [line.now.text for line in first.lines()] == [line.now.text for line in second.lines()]


def test_exports_with_added_and_deleted_lines(make: Make, tmp_path: Path) -> None:
    review = make()
    number = review.add_line(0, [[10, 32], [290, 32], [290, 38], [10, 38]])
    review.correct(number, "빠진 줄")
    review.correct(1, state="deleted")
    expected = [TEXTS[0], "빠진 줄", *TEXTS[2:]]
    review.save_labels(tmp_path / "set")
    review.save_ground_truth(tmp_path / "truth")
    (first, _) = load_labelled_pages(tmp_path / "set")
    assert list(first.texts) == expected
    lines = {line.text: line for line in load_labelled_pages(tmp_path / "set" / "rec_gt.txt")}
    assert set(lines) == {*expected, "둘째 쪽"}
    page = review.pages[0].load()
    assert np.array_equal(lines["빠진 줄"].load().image_bgr, page[32:38, 10:290])
    assert np.array_equal(lines[TEXTS[2]].load().image_bgr, page[70:90, 10:290])
    for file in sorted((tmp_path / "truth").glob("*.json"))[:1]:
        assert list(load_labelled_pages(file)[0].texts) == expected
    # Its adding undone, the line leaves all files again, and the deleted one comes back.
    review.undo()
    review.undo()
    review.undo()
    review.save_labels(tmp_path / "set")
    again = sorted(line.text for line in load_labelled_pages(tmp_path / "set" / "rec_gt.txt"))
    assert again == sorted([*TEXTS, "둘째 쪽"])
    assert list(load_labelled_pages(tmp_path / "set")[0].texts) == TEXTS


def test_a_picture_of_one_line_takes_no_other(tmp_path: Path) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (24, 90, 3), np.uint8)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", crop)[1].tobytes())
    (tmp_path / "rec_gt.txt").write_text("a.png\t가나다\n", encoding="utf-8")
    review = LineCorrections(load_labelled_pages(tmp_path), autosave=None)
    with pytest.raises(CorrectionError, match="one line"):
        review.add_line(0, [[1, 1], [20, 1], [20, 20], [1, 20]])


# Added lines are read


MISSED = 2


@pytest.fixture(scope="module")
def notice() -> tuple[dict[str, Any], str, list[list[float]]]:
    """A result of the notice without one of its lines; that line's text and box."""
    (known,) = load_labelled_pages(SAMPLES / "notice.json")
    assert known.quads_xy is not None
    quad = known.quads_xy[MISSED] + np.array([[-4, -4], [4, -4], [4, 4], [-4, 4]])
    return labelled_result("notice.png", [MISSED]), known.texts[MISSED], quad.tolist()


def test_an_added_line_is_read_and_the_reading_is_kept(
    staged: Any, notice: tuple[dict[str, Any], str, list[list[float]]], tmp_path: Path
) -> None:
    given, text, quad = notice
    told: list[tuple[list[int], str]] = []
    review = LineCorrections([given], autosave=tmp_path / "a.jsonl", pipeline=staged)
    review.observe(lambda numbers, error: told.append((numbers, error)))
    number = review.add_line(0, quad)
    assert review.wait_for_readings(60)
    assert told == [([number], "")]
    line = review.line(number)
    assert (line.now, line.read, line.found.text) == (LineState(text, "open"), text, text)
    assert line.found.score is not None and line.found.score > 0.8
    assert not review.is_waiting(number)
    assert [review.undo(), review.undo()] == [[number], []]  # reading is no step
    review.redo()
    assert review.truths[0].texts[MISSED] == text
    again = LineCorrections([given], autosave=tmp_path / "a.jsonl")  # without a pipeline
    assert again.line(number).now == LineState(text, "open")
    assert again.line(number).found.score == pytest.approx(line.found.score, abs=1e-3)


def test_a_reading_leaves_what_was_typed_in_the_meantime(
    staged: Any, notice: tuple[dict[str, Any], str, list[list[float]]]
) -> None:
    given, text, quad = notice
    review = LineCorrections([given], autosave=None, pipeline=staged)
    number = review.add_line(0, quad)
    review.correct(number, "손으로 쓴 글")
    assert review.wait_for_readings(60)
    line = review.line(number)
    assert (line.now.text, line.read, line.is_corrected) == ("손으로 쓴 글", text, True)
    review.undo()
    assert review.line(number).now == LineState(text, "open")


def test_a_line_that_was_not_read_before_a_restart_is_read_after_it(
    staged: Any, notice: tuple[dict[str, Any], str, list[list[float]]], tmp_path: Path
) -> None:
    given, text, quad = notice
    number = LineCorrections([given], autosave=tmp_path / "a.jsonl").add_line(0, quad)
    review = LineCorrections([given], autosave=tmp_path / "a.jsonl", pipeline=staged)
    assert review.wait_for_readings(60)
    assert review.line(number).now.text == text
    records = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    assert [json.loads(record)["do"] for record in records] == ["add", "read"]


def test_a_line_that_cannot_be_read_can_be_typed(
    staged: Any, notice: tuple[dict[str, Any], str, list[list[float]]], tmp_path: Path
) -> None:
    given, _, quad = notice
    review = LineCorrections([given], autosave=tmp_path / "a.jsonl", pipeline=staged)
    told: list[str] = []
    review.observe(lambda _, error: told.append(error))
    (tmp_path / "a.jsonl").mkdir()  # the reading cannot be kept: the journal has no place
    with pytest.raises(JournalError):
        review.add_line(0, quad)
    assert len(review) == len(given["rec_texts"])
    (tmp_path / "a.jsonl").rmdir()
    review.pages = (replace(review.pages[0], load=lambda: np.zeros((9, 0, 3), np.uint8)),)
    number = review._do({"do": "add", "page": 0, "quad": quad}, "")[0]
    assert review.wait_for_readings(60)
    assert "could not be read" in told[0] and "Type its text" in told[0]
    assert not review.is_waiting(number)
    review.correct(number, "손으로")
    assert review.truths[0].texts[MISSED] == "손으로"


def test_a_damaged_record_of_an_added_line(make: Make, tmp_path: Path) -> None:
    make().correct(0, "하나")
    no_page, no_box = '"page":9,"quad":[[1,1],[9,1],[9,9],[1,9]]', '"page":0,"quad":1'
    for record in (f'{{"do":"add",{no_page}}}', f'{{"do":"add",{no_box}}}'):
        path = tmp_path / "review.jsonl"
        before = path.read_text(encoding="utf-8")
        path.write_text(before + record + "\n", encoding="utf-8")
        with pytest.raises(JournalError, match="another form"):
            make()
        path.write_text(before, encoding="utf-8")
    assert texts(make())[0] == "하나"

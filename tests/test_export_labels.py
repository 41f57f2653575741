"""Exported label files: brought up to date by the next export, and never once a person has corrected them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.export import save_results
from ocr_helpers.export.records import LineRecord, PageRecord
from ocr_helpers.labels.rows import LabelConflictError

TEXTS = ("온누리마트", "합계 12,900원")


def record(source: str, texts: Sequence[str], shift: int = 0) -> PageRecord:
    """A page of level lines."""
    lines = [
        LineRecord(text, 0.5, ((10, top), (90, top), (90, top + 8), (10, top + 8)), paddleocr_index=place)
        for place, text in enumerate(texts)
        for top in [10 + 12 * place + shift]
    ]
    return PageRecord(source, 0, (100, 80), (100, 80), 72.0, lines=tuple(lines))


def noise(page: PageRecord) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(len(page.source)).integers(0, 256, (80, 100, 3), np.uint8)


def export(folder: Path, *pages: PageRecord) -> Path:
    """The folder of labels."""
    save_results(pages, folder, ["labels"], images=noise)
    return folder / "labels"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def correct(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("file", ["Label.txt", "rec_gt.txt"])
@pytest.mark.parametrize("second", [("온누리마트", "합계 12,900"), ("온누리마트",)], ids=["other", "fewer"])
def test_what_was_corrected_by_hand_is_not_replaced(
    tmp_path: Path, file: str, second: tuple[str, ...]
) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    correct(labels / file, "온누리마트", "온누리 마트")
    before = contents(labels)
    with pytest.raises(
        LabelConflictError, match=r"a_p0001.*corrected by hand.*another folder.*replace_labels=True"
    ):
        export(tmp_path, record("a.png", second))
    assert contents(labels) == before


def test_the_same_pages_again_leave_a_corrected_file_only_where_it_says_the_same(tmp_path: Path) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    with (labels / "Label.txt").open("a", encoding="utf-8") as file:
        file.write("labels/by_hand.png\t[]\n")
    before = contents(labels)
    export(tmp_path, record("a.png", TEXTS))
    assert contents(labels).keys() == before.keys()
    assert (labels / "Label.txt").read_bytes() == before["Label.txt"]


def test_other_pages_are_added_to_a_corrected_file(tmp_path: Path) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    correct(labels / "Label.txt", "온누리마트", "온누리 마트")
    export(tmp_path, record("other.png", ["다른 쪽"]))
    rows = (labels / "Label.txt").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row.split("\t")[1])[0]["transcription"] for row in rows] == ["온누리 마트", "다른 쪽"]
    # The file still holds what a person wrote, although its last write was an export.
    pages = record("a.png", TEXTS), record("other.png", ["다른 글"])
    with pytest.raises(LabelConflictError, match=r"labels of a_p0001\.png in"):
        save_results(pages, tmp_path, ["text", "labels"], images=noise)
    after = (labels / "Label.txt").read_text(encoding="utf-8")
    assert "온누리 마트" in after
    assert "다른 글" in after
    assert (tmp_path / "other.txt").read_text(encoding="utf-8") == "다른 글\n"


def test_a_line_that_was_taken_out_by_hand_does_not_come_back(tmp_path: Path) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    correct(labels / "rec_gt.txt", "crop_img/a_p0001_l001.png\t합계 12,900원\n", "")
    with pytest.raises(LabelConflictError):
        export(tmp_path, record("a.png", TEXTS))
    assert [row.split("\t")[1] for row in rows_of_lines(labels)] == ["온누리마트"]
    (labels / "rec_gt.txt").unlink()
    export(tmp_path, record("a.png", TEXTS))
    assert [row.split("\t")[1] for row in rows_of_lines(labels)] == list(TEXTS)


def test_asked_for_it_is_replaced(tmp_path: Path) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    correct(labels / "Label.txt", "온누리마트", "온누리 마트")
    again = record("a.png", ["새로 읽음"])
    with pytest.raises(LabelConflictError):
        save_results([again], tmp_path, ["labels"], images=noise)
    save_results([again], tmp_path, ["labels"], images=noise, replace_labels=True)
    assert "온누리 마트" not in (labels / "Label.txt").read_text(encoding="utf-8")
    assert [row.split("\t")[1] for row in rows_of_lines(labels)] == ["새로 읽음"]


def rows_of_lines(labels: Path) -> list[str]:
    return (labels / "rec_gt.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "texts",
    [(), ("하나",), ("하나", "합계 12,900원", "셋"), ("", "둘")],
    ids=["none", "fewer", "more", "empty"],
)
def test_an_untouched_export_is_brought_up_to_date(tmp_path: Path, texts: tuple[str, ...]) -> None:
    export(tmp_path, record("a.png", TEXTS), record("b.png", ["다른 쪽"]))
    labels = export(tmp_path, record("a.png", texts, shift=1), record("b.png", ["다른 쪽"]))
    rows = dict(row.split("\t") for row in (labels / "Label.txt").read_text(encoding="utf-8").splitlines())
    lines = json.loads(rows["labels/a_p0001.png"])
    assert [line["transcription"] for line in lines] == list(texts)
    assert [line["points"][0] for line in lines] == [[10, 11 + 12 * place] for place in range(len(texts))]
    assert sorted(row.split("\t")[1] for row in rows_of_lines(labels)) == sorted(
        [text for text in texts if text] + ["다른 쪽"]
    )


def test_another_picture_is_not_replaced_either(tmp_path: Path) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    (labels / "a_p0001.png").write_bytes(b"retouched")
    with pytest.raises(LabelConflictError, match="a_p0001"):
        export(tmp_path, record("a.png", TEXTS))
    assert (labels / "a_p0001.png").read_bytes() == b"retouched"


def test_a_list_of_sums_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    labels = export(tmp_path, record("a.png", TEXTS))
    (labels / ".exported.json").write_text("[1", encoding="utf-8")
    with pytest.raises(LabelConflictError):
        export(tmp_path, record("a.png", ["새로 읽음"]))
    (labels / ".exported.json").unlink()
    export(tmp_path, record("a.png", TEXTS))
    export(tmp_path, record("a.png", ["새로 읽음"]))
    assert "새로 읽음" in (labels / "Label.txt").read_text(encoding="utf-8")


def test_labels_of_many_documents_in_one_pass(repository: Path, tmp_path: Path) -> None:
    """As a batch exports them: from a generator, with the other formats beside them, and twice."""
    staged = ocr.StagedPipeline(ocr.load_pipeline("starter"))
    samples = repository / "data" / "samples"
    (receipt,) = ocr.load_pages(samples / "receipt.png")
    (card,) = ocr.load_pages(samples / "lines" / "price.png")
    for _ in range(2):
        pages = ((page, staged.run(page)) for page in (receipt, card))
        written = save_results(pages, tmp_path, ["text", "labels"])
    names = [path.name for path in written["labels"]]
    assert names == ["Label.txt", "rec_gt.txt", "receipt_p0001.png", "price_p0001.png"]
    assert {page.path.name for page in ocr.load_labelled_pages(tmp_path / "labels")} == set(names[2:])

"""Labelled pages: what is read, what is named, and that PaddleOCR's own tools read what is written."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.labels import LabelFileError, LabelImageError, LabelledPage, load_labelled_pages
from ocr_helpers.labels.files import (
    LabelConflictError,
    LabelPathError,
    LabelTextError,
    LabelWriteError,
    crop_line,
    write_ground_truth,
    write_line_labels,
    write_page_labels,
)
from ocr_helpers.pages import load_pages
from ocr_helpers.pages.image_arrays import ArrayDtypeError

BOX = [[10, 20], [90, 20], [90, 40], [10, 40]]
TEXTS = ["푸른들마을 3단지", "a\\b \"c\" 'd'", "false, true\u2028null", "₩12,900 ㈜", "###"]


def picture(path: Path, width: int = 120, height: int = 80, shade: int = 255) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.full((height, width, 3), shade, np.uint8))[1].tobytes())
    return path


def row(image: str, *texts: str, points: Any = BOX, **more: Any) -> str:
    lines = [{"transcription": text, "points": points, "difficult": False} | more for text in texts]
    return f"{image}\t{json.dumps(lines, ensure_ascii=False)}\n"


def truth(*texts: str) -> PageTruth:
    shift = np.arange(len(texts), dtype=np.float32)[:, None, None] * 10.1
    return PageTruth(np.array([BOX] * len(texts), np.float32).reshape(-1, 4, 2) + shift, texts)


# Writing, and reading again


@pytest.mark.parametrize("texts", [(), tuple(TEXTS)], ids=["no lines", "lines"])
def test_pages_come_back_as_they_were_written(tmp_path: Path, texts: tuple[str, ...]) -> None:
    picture(tmp_path / "set" / "쪽 1.png")
    given = truth(*texts)
    write_page_labels(tmp_path / "set" / "Label.txt", {"set/쪽 1.png": given})
    (page,) = load_labelled_pages(tmp_path / "set")
    assert page.texts == given.texts
    assert page.quads_xy is not None
    assert np.array_equal(page.quads_xy, given.quads_xy)
    assert page.difficult == tuple(text == "###" for text in texts)
    assert page.truth is not None
    assert page.truth.texts == texts[:-1]
    assert page.path == tmp_path / "set" / "쪽 1.png"
    assert page.format == "Label.txt"


def test_paddlex_finds_nothing_wrong_with_pages(tmp_path: Path) -> None:
    from paddlex.modules.text_detection.dataset_checker.dataset_src.check_dataset import check

    picture(tmp_path / "a.png")
    for name in ("train.txt", "val.txt"):
        write_page_labels(tmp_path / name, {"a.png": truth(*TEXTS)})
    found = check(str(tmp_path), str(tmp_path / "out"))
    assert (found["train_samples"], found["val_samples"]) == (1, 1)


def test_paddlex_finds_nothing_wrong_with_lines(tmp_path: Path) -> None:
    from paddlex.modules.text_recognition.dataset_checker.dataset_src.check_dataset import check

    crop = np.full((20, 80, 3), 200, np.uint8)
    file = write_line_labels(tmp_path, [(f"줄 {k}", crop, text) for k, text in enumerate(TEXTS)])
    for name in ("train.txt", "val.txt"):
        (tmp_path / name).write_bytes(file.read_bytes())
    (tmp_path / "dict.txt").write_text("가\n", encoding="utf-8")
    assert check(str(tmp_path), str(tmp_path / "out"))["train_samples"] == len(TEXTS) - 1


def test_paddleocr_decodes_a_row_to_the_same_lines(tmp_path: Path) -> None:
    """As SimpleDataSet and DetLabelEncode do: split at the tab, parse, one array of float32."""
    given = truth(*TEXTS)
    write_page_labels(tmp_path / "Label.txt", {"a.png": given})
    (line,) = (tmp_path / "Label.txt").read_bytes().split(b"\n")[:-1]
    image, label = line.decode("utf-8").split("\t")
    assert image == "a.png"
    lines = json.loads(label)
    assert [one["transcription"] for one in lines] == TEXTS
    assert np.array_equal(np.array([one["points"] for one in lines], np.float32), given.quads_xy)


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, 60, 3), np.uint8)
    file = write_line_labels(tmp_path, [("하나", noise, " 가나다 "), ("둘", noise, ""), ("셋", noise, "###")])
    assert file == tmp_path / "rec_gt.txt"
    (line,) = load_labelled_pages(file)
    assert (line.texts, line.kind, line.format, line.truth) == (("가나다",), "line", "rec_gt.txt", None)
    assert np.array_equal(line.load().image_bgr, noise)


def test_samples_come_back_as_ground_truth(repository: Path, tmp_path: Path) -> None:
    pages = load_labelled_pages(repository / "data" / "samples")
    assert not pages.problems
    assert len(pages) == 16
    notice = next(page for page in pages if page.path.name == "notice.png")
    loaded = notice.load()
    known = truth_beside(loaded)
    assert known is not None
    assert notice.truth is not None
    assert notice.truth.texts == known.texts
    assert np.array_equal(notice.truth.quads_xy, known.quads_xy)
    (tmp_path / "notice.png").write_bytes(notice.path.read_bytes())
    write_ground_truth(tmp_path / "notice.json", notice)
    (page,) = load_pages(tmp_path / "notice.png")
    again = truth_beside(page)
    assert again is not None
    assert again.texts == known.texts
    assert np.array_equal(again.quads_xy, known.quads_xy)


def test_pages_of_a_pdf_are_one_file_of_ground_truth(repository: Path, tmp_path: Path) -> None:
    source = repository / "data" / "samples" / "report_three_pages.pdf"
    pages = load_labelled_pages(source)
    assert [page.index for page in pages] == [0, 1, 2]
    (tmp_path / source.name).write_bytes(source.read_bytes())
    path = tmp_path / "report_three_pages.json"
    with pytest.raises(LabelTextError, match="all its pages"):
        write_ground_truth(path, pages[1:])
    write_ground_truth(path, pages)
    again = load_labelled_pages(path)
    assert [page.texts for page in again] == [page.texts for page in pages]
    assert again[2].load().size_wh == pages[2].size_wh


def test_crops_are_those_of_ppocrlabel(repository: Path) -> None:
    from paddlex.inference.pipelines.components import CropByPolys

    (page,) = load_labelled_pages(repository / "data" / "samples" / "photographed.jpg")
    image = page.load().image_bgr
    assert page.quads_xy is not None
    upright = np.array([[40, 30], [60, 30], [60, 200], [40, 200]], np.float32)
    for quad in [*page.quads_xy, upright]:
        expected = CropByPolys().get_rotate_crop_image(image, quad)
        assert np.array_equal(crop_line(image, quad), expected)


# What is there already


def test_rows_of_others_stay_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "Label.txt"
    others = row("x/other.png", "남의 글").strip("\n") + "\r\nno tab here\n"
    file.write_bytes(others.encode())
    write_page_labels(file, {"x/mine.png": truth("내 글")})
    rows = file.read_text(encoding="utf-8").split("\n")
    assert rows[:2] == [line.rstrip("\r") for line in others.split("\n")[:2]]
    assert rows[2].startswith("x/mine.png\t")


def test_other_labels_of_the_same_image_are_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "Label.txt"
    write_page_labels(file, {"x/a.png": truth("손으로 고친 글")})
    before = file.read_bytes()
    write_page_labels(file, {"x/a.png": truth("손으로 고친 글")})
    with pytest.raises(LabelConflictError, match=r"x/a\.png.*replace=True"):
        write_page_labels(file, {"x/a.png": truth("다른 글"), "x/b.png": truth("글")})
    assert file.read_bytes() == before
    write_page_labels(file, {"x/a.png": truth("다른 글")}, replace=True)
    assert "손으로" not in file.read_text(encoding="utf-8")


def test_other_lines_of_the_same_name_are_not_lost(tmp_path: Path) -> None:
    crop = np.zeros((20, 40, 3), np.uint8)
    file = write_line_labels(tmp_path, [("a", crop, "가"), ("b", crop, "나")])
    with pytest.raises(LabelConflictError, match=r"a\.png"):
        write_line_labels(tmp_path, [("a", crop, "다")])
    assert file.read_text(encoding="utf-8") == "crop_img/a.png\t가\ncrop_img/b.png\t나\n"
    write_line_labels(tmp_path, [("a", crop, "다")], replace=True, without=["b"])
    assert file.read_text(encoding="utf-8") == "crop_img/a.png\t다\n"
    with pytest.raises(LabelConflictError):
        write_ground_truth_twice(tmp_path)


def write_ground_truth_twice(folder: Path) -> None:
    page = LabelledPage(folder / "a.png", ("가",), np.array([BOX], np.float32), size_wh=(120, 80))
    write_ground_truth(folder / "a.json", page)
    write_ground_truth(folder / "a.json", LabelledPage(page.path, ("나",), page.quads_xy, size_wh=(120, 80)))


@pytest.mark.parametrize(
    ("image", "text", "error"),
    [
        ("/x/a.png", "가", LabelPathError),
        ("C:\\x\\a.png", "가", LabelPathError),
        ("a\tb.png", "가", LabelPathError),
        (" ", "가", LabelPathError),
        ("a.png", "가\ud800", LabelTextError),
    ],
)
def test_what_a_page_file_cannot_hold(tmp_path: Path, image: str, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        write_page_labels(tmp_path / "Label.txt", {image: truth(text)})
    assert not (tmp_path / "Label.txt").exists()


def test_an_infinite_corner_is_refused(tmp_path: Path) -> None:
    quads = np.full((1, 4, 2), np.inf, np.float32)
    with pytest.raises(LabelTextError, match="not a number"):
        write_page_labels(tmp_path / "Label.txt", {"a.png": PageTruth(quads, ("가",))})


@pytest.mark.parametrize(
    ("name", "text", "shape", "error"),
    [
        ("", "가", (20, 40, 3), LabelPathError),
        ("../a", "가", (20, 40, 3), LabelPathError),
        (".a", "가", (20, 40, 3), LabelPathError),
        ("a", "가\t나", (20, 40, 3), LabelTextError),
        ("a", "가\n나", (20, 40, 3), LabelTextError),
    ],
)
def test_what_a_line_file_cannot_hold(
    tmp_path: Path, name: str, text: str, shape: tuple[int, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        write_line_labels(tmp_path, [(name, np.zeros(shape, np.uint8), text)])
    assert not (tmp_path / "rec_gt.txt").exists()


def test_a_crop_of_another_type_and_a_name_used_twice(tmp_path: Path) -> None:
    crop: Any = np.zeros((20, 40, 3), np.float32)
    with pytest.raises(ArrayDtypeError):
        write_line_labels(tmp_path, [("a", crop, "가")])
    good = np.zeros((20, 40, 3), np.uint8)
    with pytest.raises(LabelPathError, match="Two lines"):
        write_line_labels(tmp_path, [("a", good, "가"), ("a", good, "나")])


def test_a_write_that_fails_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "Label.txt"
    write_page_labels(file, {"a.png": truth("가")})
    before = file.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ocr_helpers.labels.rows.os.fsync", full)
    with pytest.raises(LabelWriteError, match="No space left"):
        write_page_labels(file, {"b.png": truth("나")})
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


# Reading what others wrote


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    picture(tmp_path / "하나.png")
    picture(tmp_path / "둘.png")
    rows = row("하나.png", "첫째 줄") + row("둘.png", "둘째 줄")
    (tmp_path / "Label.txt").write_bytes(rows.replace("\n", end).encode(encoding))
    pages = load_labelled_pages(tmp_path / "Label.txt")
    assert [page.texts for page in pages] == [("첫째 줄",), ("둘째 줄",)]
    assert not pages.problems


BAD_ROWS = {
    "wrong JSON": "a.png\t[{",
    "no list": 'a.png\t{"transcription": "가"}',
    "no points": 'a.png\t[{"transcription": "가"}]',
    "two corners": row("a.png", "가", points=[[0, 0], [9, 9]]).strip(),
    "words for numbers": row("a.png", "가", points=[["x", 0]] * 4).strip(),
    "an endless corner": row("a.png", "가", points=[[1e999, 0], [9, 0], [9, 9], [0, 9]]).strip(),
    "no tab": "a.png",
    "no name": "\t[]",
    "missing": row("missing.png", "가").strip(),
    "too long a name": row("x" * 300 + ".png", "가").strip(),
    "up and out": row("../outside.png", "가").strip(),
    "a folder": row(".", "가").strip(),
}


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_named_and_the_rest_is_read(
    tmp_path: Path, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    picture(folder / "a.png")
    picture(folder / "good.png")
    picture(tmp_path / "outside.png")
    (folder / "Label.txt").write_text(f"{bad}\n{row('good.png', '나')}", encoding="utf-8")
    pages = load_labelled_pages(folder)
    assert [page.path.name for page in pages] == ["good.png"]
    (problem,) = pages.problems
    assert problem.where == "Label.txt, row 1"
    assert problem.why


def test_absolute_and_outer_paths_are_read_where_it_is_allowed(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "set"
    far = picture(tmp_path / "far" / "x.png")
    picture(folder / "in.png")
    (folder / "Label.txt").write_text(
        row(str(far), "가") + row("../../far/x.png", "나") + row(str(folder / "in.png"), "다"),
        encoding="utf-8",
    )
    pages = load_labelled_pages(folder)
    assert [page.texts for page in pages] == [("다",)]
    assert ["allow_outside=True" in problem.why for problem in pages.problems] == [True, True]
    assert len(load_labelled_pages(folder, allow_outside=True)) == 3


@pytest.mark.parametrize("key", ["set/a.png", "a.png", "old_name/a.png", ".\\a.png", "set\\a.png"], ids=repr)
def test_where_a_picture_is_looked_for(tmp_path: Path, key: str) -> None:
    picture(tmp_path / "set" / "a.png")
    (tmp_path / "set" / "Label.txt").write_text(row(key, "가"), encoding="utf-8")
    (page,) = load_labelled_pages(tmp_path / "set")
    assert page.path.samefile(tmp_path / "set" / "a.png")


def test_decomposed_hangul_in_names_and_texts(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "영수증.png")
    picture(tmp_path / name)
    text = unicodedata.normalize("NFD", "합계")
    (tmp_path / "Label.txt").write_text(row("영수증.png", text), encoding="utf-8")
    (page,) = load_labelled_pages(tmp_path)
    assert page.texts == ("합계",)
    assert page.load().size_wh == (120, 80)


OUTLINE = [[10, 12], [50, 10], [90, 12], [90, 30], [50, 28], [10, 30]]
QUADS = {
    "as it is": (BOX, BOX),
    "the other way round": (BOX[:1] + BOX[:0:-1], BOX),
    "upside down": (BOX[2:] + BOX[:2], BOX[2:] + BOX[:2]),
    "an outline": (OUTLINE, [[10, 10], [90, 10], [90, 30], [10, 30]]),
    "an outline upside down": (OUTLINE[3:] + OUTLINE[:3], [[90, 30], [10, 30], [10, 10], [90, 10]]),
    "an outline the other way round": (
        OUTLINE[:1] + OUTLINE[:0:-1],
        [[10, 10], [90, 10], [90, 30], [10, 30]],
    ),
    "a triangle": ([[0, 0], [80, 0], [80, 40]], None),
}


@pytest.mark.parametrize(("points", "expected"), QUADS.values(), ids=QUADS)
def test_boxes_become_four_corners_from_the_first(tmp_path: Path, points: Any, expected: Any) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "Label.txt").write_text(row("a.png", "가", points=points), encoding="utf-8")
    (page,) = load_labelled_pages(tmp_path)
    assert page.quads_xy is not None
    if expected is None:
        assert page.quads_xy.shape == (1, 4, 2)
    else:
        np.testing.assert_allclose(page.quads_xy[0], expected, atol=0.01)


def test_a_box_without_area_is_left_out_and_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    lines = [
        {"transcription": text, "points": points} for text, points in (("가", BOX), ("나", [[5, 5]] * 4))
    ]
    (tmp_path / "Label.txt").write_text(f"a.png\t{json.dumps(lines)}\n", encoding="utf-8")
    pages = load_labelled_pages(tmp_path)
    assert pages[0].texts == ("가",)
    assert [problem.why for problem in pages.problems] == ["1 boxes have no area and are left out"]


def test_lines_to_be_ignored(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    lines = [
        {"transcription": text, "points": BOX, "difficult": hard}
        for text, hard in (("가", False), ("###", False), ("*", False), ("흐린 글", True))
    ]
    (tmp_path / "Label.txt").write_text(f"a.png\t{json.dumps(lines)}\n", encoding="utf-8")
    (page,) = load_labelled_pages(tmp_path)
    assert page.difficult == (False, True, True, True)
    assert page.truth is not None
    assert page.truth.texts == ("가",)
    assert page.text == "가"
    write_page_labels(tmp_path / "again" / "Label.txt", {"a.png": page})
    again = json.loads((tmp_path / "again" / "Label.txt").read_text(encoding="utf-8").split("\t")[1])
    assert [line["difficult"] for line in again] == [False, True, True, True]


def test_an_image_that_is_labelled_twice_counts_once(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "Label.txt").write_text(row("a.png", "가") + row("a.png", "나"), encoding="utf-8")
    pages = load_labelled_pages(tmp_path)
    assert [page.texts for page in pages] == [("나",)]
    assert "again" in pages.problems[0].why


def test_a_folder_of_images_and_texts(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.png", "without.png"):
        picture(tmp_path / name)
    (tmp_path / "a.txt").write_bytes("첫 줄\r\n\r\n 둘째 줄 \r\n".encode("utf-8-sig"))
    (tmp_path / "b.txt").write_text("한 줄", encoding="cp949")
    (tmp_path / "stray.txt").write_text("no image", encoding="utf-8")
    pages = load_labelled_pages(tmp_path)
    assert [(page.path.name, page.texts, page.quads_xy) for page in pages] == [
        ("a.png", ("첫 줄", "둘째 줄"), None),
        ("b.jpg", ("한 줄",), None),
    ]
    assert [problem.where for problem in pages.problems] == ["without.png"]


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    page = LabelledPage(picture(tmp_path / "a.png"), ("가",), np.array([BOX], np.float32), size_wh=(120, 80))
    write_ground_truth(tmp_path / "a.json", page)
    picture(tmp_path / "a.png", 240, 160)
    (again,) = load_labelled_pages(tmp_path / "a.png")
    with pytest.raises(LabelImageError, match="240 × 160"):
        again.load()


NOTHING = {
    "an empty folder": lambda folder: folder,
    "no such path": lambda folder: folder / "none",
    "a text without rows": lambda folder: written(folder / "a.txt", "그냥 글\n"),
    "not a text": lambda folder: written(folder / "a.txt", b"\x00\xff\xfe\x9f\x81"),
    "only bad rows": lambda folder: written(folder / "Label.txt", row("missing.png", "가")),
    "another JSON": lambda folder: written(folder / "a.json", "[1, 2]"),
    "ground truth that points elsewhere": lambda folder: written(
        folder / "a.json", json.dumps({"image": "/etc/hostname", "width": 1, "height": 1, "lines": []})
    ),
}


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("make", NOTHING.values(), ids=NOTHING)
def test_nothing_to_read_is_an_error_that_says_so(tmp_path: Path, make: Any) -> None:
    with pytest.raises(LabelFileError, match=r"labels|image<TAB>label|not text"):
        load_labelled_pages(make(tmp_path))


def test_rows_of_lines(tmp_path: Path) -> None:
    for name in ("crop_img/a.png", "crop_img/b.png"):
        picture(tmp_path / name)
    rows = "crop_img/a.png\t가 [1]\ncrop_img/b.png\t\ncrop_img/b.png\t나\t다\nmissing.png\t라\n"
    (tmp_path / "rec_gt.txt").write_text(rows, encoding="utf-8")
    pages = load_labelled_pages(tmp_path)
    assert [page.texts for page in pages] == [("가 [1]",), ("나\t다",)]
    assert [problem.where for problem in pages.problems] == ["rec_gt.txt, row 2", "rec_gt.txt, row 4"]


def test_numbers_that_differ_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelFileError, match="expected one number"):
        LabelledPage(tmp_path / "a.png", ("가", "나"), np.array([BOX], np.float32))

"""The benchmark of labelled line pictures: label files, what is not counted, the figures."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import ocr_helpers as ocr
from benchmarks import exact_lines
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import score_lines


def test_label_files(tmp_path: Path) -> None:
    labels = tmp_path / "rec_gt.txt"
    rows = [
        "\ufeffa/1.png\t가 나".encode(),
        "b.png\t탭\t뒤".encode(),
        b"",
        b"no tab",
        b"c.png\t\xff",
        b"d.png\t\r",
    ]
    labels.write_bytes(b"\n".join(rows))
    unreadable: list[str] = []
    found = list(exact_lines.read_labels(labels, tmp_path, unreadable))
    assert [(line.name, line.text) for line in found] == [
        ("a/1.png", "가 나"),
        ("b.png", "탭\t뒤"),
        ("d.png", ""),
    ]
    assert found[0].path == tmp_path / "a" / "1.png"
    assert unreadable == [
        "rec_gt.txt, line 4: no tab between path and text: 'no tab'",
        "rec_gt.txt, line 5: not UTF-8 (invalid start byte)",
    ]


def test_label_files_are_read_line_by_line(tmp_path: Path) -> None:
    labels = tmp_path / "rec_gt.txt"
    labels.write_text("1.png\t가\n" * 100_000, encoding="utf-8")
    stream = exact_lines.read_labels(labels, tmp_path, [])
    assert next(stream).text == "가"
    stream.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("가나", "가나"),
        ("가뷁나", "가나"),  # dropped from the truth
        ("뷁", None),
        ("", None),
        ("가" * 23, "가" * 23),
        ("가" * 24, None),
        ("가" * 23 + "뷁뷁", "가" * 23),
        ("가" * 23 + "뷁뷁뷁", None),
    ],
)
def test_the_truth_of_paddleocrs_evaluation(text: str, truth: str | None) -> None:
    assert exact_lines.paddleocr_truth(text, frozenset("가나")) == truth


@pytest.mark.parametrize(("width", "squeezed"), [(100, False), (640, False), (641, True), (2000, True)])
def test_long_lines_are_squeezed(width: int, squeezed: bool) -> None:
    image = np.zeros((96, width, 3), np.uint8)
    assert exact_lines.as_paddleocr(image).shape == ((48, 320, 3) if squeezed else image.shape)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample lines as a label file of PaddleOCR's, with three rows that cannot be read."""
    folder = tmp_path_factory.mktemp("labels")
    rows = [f"{line.name}.png\t{line.text}" for line in ocr.load_sample_lines()]
    (folder / "broken.png").write_bytes(b"no picture")
    rows[2:2] = ["missing.png\t가", "broken.png\t나"]
    (folder / "rec_gt.txt").write_text("\n".join([*rows, "no tab"]) + "\n", encoding="utf-8")
    for path in (samples_dir() / "lines").glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def expected_accuracy() -> str:
    lines = ocr.load_sample_lines()
    recognizer: Any = ocr.load_text_recognition(weights="starter", device="cpu")
    read = [recognizer.predict(line.image_bgr)[0]["rec_text"] for line in lines]
    found = score_lines(read, [line.text for line in lines])
    return f"{found.exact_line_accuracy:.1%} of {len(lines)} lines exact; CER {found.cer:.2%}"


def test_samples_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert exact_lines.main([]) == 0
    out = capsys.readouterr().out.strip().splitlines()
    assert out[-1].startswith(expected_accuracy())
    assert out[1].split() == ["lines", "18", "17"]  # one line has syllables that the dictionary lacks


def test_a_label_file_gives_the_same(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exact_lines.main(["--labels", str(labelled / "rec_gt.txt"), "--images", str(labelled)]) == 1
    out = capsys.readouterr().out.strip().splitlines()
    assert out[-1].startswith(expected_accuracy())
    broken = "\n".join(out[-5:-1])
    assert "3 not counted:" in broken
    assert "missing.png: " in broken and "broken.png: " in broken and "line 21: no tab" in broken


def test_as_paddleocr(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exact_lines.main(["--labels", str(labelled / "rec_gt.txt"), "--as-paddleocr"]) == 1
    out = capsys.readouterr().out
    short = sum(len(line.text) <= 23 for line in ocr.load_sample_lines())
    assert f"{18 - short:,} lines left out" in out and f"of {short} lines exact" in out


def test_a_file_without_a_picture_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "rec_gt.txt"
    labels.write_text("missing.png\t가\n", encoding="utf-8")
    assert exact_lines.main(["--labels", str(labels)]) == 1
    assert "nan% of 0 lines exact" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--batch-size", "0"], ["--images", "."], ["--labels", "/nowhere/rec_gt.txt"]]
)
def test_arguments_are_checked(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        exact_lines.main(arguments)
    assert stopped.value.code == 2 and "error:" in capsys.readouterr().err


def test_pictures_are_not_changed() -> None:
    image = np.asarray(cv2.imread(str(samples_dir() / "lines" / "price.png")), np.uint8)
    before = image.copy()
    exact_lines.as_paddleocr(image)
    np.testing.assert_array_equal(image, before)

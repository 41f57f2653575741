"""Before and after as figures: the table is that of the tuning, and lines show what was read."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

import ocr_helpers as ocr
from ocr_helpers.detection.layers import GAINED, LOST
from ocr_helpers.detection.tuning import DetectionTuning
from ocr_helpers.drawing.detection import NoComparisonError, RegionError, show_changed_lines, show_comparison
from ocr_helpers.samples import samples_dir
from ocr_helpers.stages import StagedPipeline

FAINT = samples_dir() / "low_contrast_scan.jpg"


@pytest.fixture(scope="module")
def staged() -> StagedPipeline:
    return StagedPipeline(ocr.load_pipeline("starter"))


@pytest.fixture
def tuning(staged: StagedPipeline) -> Iterator[DetectionTuning]:
    """A page whose default is pinned."""
    made = DetectionTuning(staged, FAINT)
    assert made.wait(120)
    made.pin()
    yield made
    made.stop()


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def laid_out(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer)
    width_px, height_px = figure.get_size_inches() * figure.dpi
    for text in (text for axes in figure.axes for text in axes.texts):
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width_px and box.y0 >= 0 and box.y1 <= height_px, text
    return Image.open(buffer)


def outlines(figure: Figure, panel: int, color: str) -> int:
    """How many outlines, without what is filled, have one colour."""
    found = 0
    for collection in figure.axes[panel].collections:
        edges = np.asarray(collection.get_edgecolor()).tolist()
        if edges and not len(np.asarray(collection.get_facecolor())) and to_hex(edges[0]) == color:
            found += len(collection.get_paths())
    return found


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("region", [None, (560, 1040, 1080, 1360), (0, 0, 1240, 90), (0, 0, 60, 1754)])
def test_the_table_is_that_of_the_tuning(tuning: DetectionTuning, region: tuple[int, int, int, int]) -> None:
    tuning.set(box_thresh=0.8, unclip_ratio=1.8)
    assert tuning.wait(120)
    figure = show_comparison(tuning, region=region)
    laid_out(figure)
    compared = tuning.comparison
    assert compared is not None
    before, after, changes = compared
    assert before.boxes and after.boxes and before.cer is not None and after.cer is not None
    said = texts(figure)
    row = said.index("H-mean")
    assert said[row + 1 : row + 3] == [f"{before.boxes.hmean:.1%}", f"{after.boxes.hmean:.1%}"]
    row = said.index("CER")
    assert said[row + 1 : row + 3] == [f"{before.cer:.1%}", f"{after.cer:.1%}"]
    row = said.index("box_thresh")
    assert said[row + 1 : row + 3] == ["0.6", "0.8"]
    assert "thresh" not in said and "network input" not in said
    row = said.index("boxes lost")
    assert said[row + 1] == str(len(changes.lost_xy)) != "0"
    assert outlines(figure, 1, LOST.color) == len(changes.lost_xy)
    assert outlines(figure, 2, GAINED.color) == len(changes.gained_xy)
    assert said[said.index("boxes reshaped") + 2] == str(len(changes.reshaped_xy))


def test_the_better_of_two_is_bold(tuning: DetectionTuning) -> None:
    tuning.set(unclip_ratio=1.8)
    assert tuning.wait(120)
    bold = {
        text.get_text()
        for text in show_comparison(tuning).axes[0].texts
        if text.get_fontweight() == "bold" and "%" in text.get_text()
    }
    figures = tuning.figures
    assert figures is not None and figures.cer is not None
    assert bold == {f"{figures.cer:.1%}"}  # the H-mean is the same before and after


def test_another_size_of_the_input_is_said(tuning: DetectionTuning) -> None:
    tuning.set(limit_side_len=640, limit_type="max")
    assert tuning.wait(120)
    said = texts(show_comparison(tuning))
    row = said.index("network input")
    assert said[row + 1 : row + 3] == ["1248 × 1760", "448 × 640"]


def test_what_is_not_read_has_no_error_rate(staged: StagedPipeline) -> None:
    tuning = DetectionTuning(staged, FAINT, recognize=False)
    assert tuning.wait(120)
    tuning.pin()
    said = texts(show_comparison(tuning))
    row = said.index("CER")
    assert said[row + 1 : row + 3] == ["–", "–"]
    tuning.stop()


def test_lines_that_are_read_differently(tuning: DetectionTuning) -> None:
    tuning.set(unclip_ratio=1.8, thresh=0.2)
    assert tuning.wait(120)
    figure = show_changed_lines(tuning)
    laid_out(figure)
    said = texts(figure)
    numbers = [int(word) for word in said[0].split() if word.isdigit()]
    count, better, worse = numbers[:3]
    assert said[0].startswith(f"{count} lines read differently   ·   {better} better, {worse} worse, ")
    assert better > worse > 0 and said.count("right") >= better
    assert len(figure.axes) == 1 + 2 * count  # both crops of each
    shorter = show_changed_lines(tuning, max_lines=2)
    laid_out(shorter)
    assert texts(shorter)[0].endswith("the 2 with the largest change are shown")
    assert len(shorter.axes) == 1 + 2 * 2


def test_a_line_that_is_lost_is_not_found(tuning: DetectionTuning) -> None:
    tuning.set(box_thresh=0.8)
    assert tuning.wait(120)
    said = texts(show_changed_lines(tuning))
    assert said.count("(not found)") == 3
    assert said[0].startswith("3 lines read differently")


def test_without_ground_truth_nothing_is_called_right(staged: StagedPipeline) -> None:
    (page,) = ocr.load_pages(FAINT)
    tuning = DetectionTuning(staged, page.image_bgr)
    assert tuning.wait(120)
    tuning.pin()
    tuning.set(box_thresh=0.8, unclip_ratio=1.7)
    assert tuning.wait(120)
    said = texts(show_comparison(tuning))
    assert not {"H-mean", "CER"} & set(said)
    figure = show_changed_lines(tuning)
    laid_out(figure)
    said = texts(figure)
    assert said.count("(not found)") == 3 and not {"right", "true:"} & set(said)
    assert "better" not in said[0]
    tuning.stop()


def test_a_page_that_stays_empty(staged: StagedPipeline) -> None:
    tuning = DetectionTuning(staged, np.full((200, 300, 3), 255, np.uint8))
    assert tuning.wait(120)
    tuning.pin()
    laid_out(show_comparison(tuning))
    figure = show_changed_lines(tuning)
    laid_out(figure)
    assert texts(figure)[0] == "0 lines read differently"
    tuning.stop()


def test_what_was_read_is_never_markup(tuning: DetectionTuning, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = r"$\frac{1}{2}$ <b>_^{"
    monkeypatch.setattr(tuning.staged, "read", lambda _map, quads, _settings: [(hostile, 0.9)] * len(quads))
    tuning.set(unclip_ratio=1.83)
    assert tuning.wait(120)
    figure = show_changed_lines(tuning, max_lines=1)
    laid_out(figure)
    assert hostile.replace(" ", "") in "".join(texts(figure)).replace(" ", "").replace("␣", "")


def test_nothing_to_compare_is_refused(tuning: DetectionTuning) -> None:
    with pytest.raises(RegionError):
        show_comparison(tuning, region=(0, 0, 1, 9999))
    tuning.set_recognize(False)
    with pytest.raises(NoComparisonError, match="set_recognize"):
        show_changed_lines(tuning)
    tuning.unpin()
    for show in (show_comparison, show_changed_lines):
        with pytest.raises(NoComparisonError, match="pin"):
            show(tuning)

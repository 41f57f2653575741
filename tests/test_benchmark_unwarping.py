"""The unwarping benchmark: its photos' ground truth, its way against the grid, its counting, a short run."""

import numpy as np
import pytest

from benchmarks import unwarping
from benchmarks.unwarping_bends import BENDS
from benchmarks.unwarping_grid import flattened_points, with_output
from benchmarks.unwarping_pages import (
    CURLED,
    FlatPage,
    curved_photos,
    flat_pages,
    flat_photos,
    photograph,
)
from training.sample_canvas import Line
from training.splines import spline_matrix
from training.warps import regular


@pytest.fixture(scope="module")
def barred() -> FlatPage:
    """A white page on which each line is a black bar."""
    image = np.full((900, 640, 3), 255, np.uint8)
    lines = []
    for number, (left, top) in enumerate([(60, 80), (330, 260), (90, 470), (250, 760)]):
        image[top : top + 40, left : left + 260] = 0
        box = np.array([(left, top), (left + 260, top), (left + 260, top + 40), (left, top + 40)], np.float64)
        lines.append(Line(box, str(number)))
    return FlatPage("bars", image, tuple(lines))


@pytest.mark.parametrize("kind", [*BENDS, CURLED])
def test_outlines_lie_round_the_ink_of_a_photo(barred: FlatPage, kind: str) -> None:
    for seed in range(3):
        photo = photograph(barred, kind, np.random.default_rng(seed))
        grey = photo.image_bgr.mean(axis=-1)
        assert photo.seen_xy.shape == photo.flat_xy.shape == (4, 24, 2)
        half = photo.seen_xy.shape[1] // 2
        for outline in photo.seen_xy:
            upper, lower = outline[:half], outline[half:][::-1]
            # Within: between the long edges. Without: as far beyond them as the bar is high.
            inside, beyond = upper + (lower - upper) * 0.5, upper + (lower - upper) * -0.6
            ink, paper = (grey[xy[2:-2, 1].astype(int), xy[2:-2, 0].astype(int)] for xy in (inside, beyond))
            assert ink.max() < 0.5 * paper.min(), (kind, seed)


def test_curved_photos_take_every_bend_and_repeat_with_the_seed() -> None:
    first, again = (list(curved_photos(2, 4)) for _ in range(2))
    assert [photo.kind for photo in first] == list(BENDS)[:2]
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.image_bgr, b.image_bgr) and np.array_equal(a.seen_xy, b.seen_xy)
        assert len(a.texts) == len(a.seen_xy) > 3
    other = next(curved_photos(1, 5))
    assert other.image_bgr.shape != first[0].image_bgr.shape or (other.image_bgr != first[0].image_bgr).any()


def test_flat_photos_keep_their_lines_in_place() -> None:
    photos = list(flat_photos(0, 7))
    assert len(photos) == 7 and len({photo.kind for photo in photos}) == 6
    assert all(np.array_equal(photo.seen_xy, photo.flat_xy) for photo in photos)
    assert len(flat_pages()) >= 14


@pytest.mark.parametrize("size_wh", [(640, 900), (900, 300)])
def test_points_are_followed_against_the_grid(size_wh: tuple[int, int]) -> None:
    places = regular((15, 11), 0.0)
    curve = np.stack([0.1 + 0.75 * places[..., 0], 0.05 + 0.8 * places[..., 1]], axis=-1)
    curve[..., 1] += 0.05 * np.sin(3 * places[..., 0])
    displacement = (curve - places).transpose(2, 0, 1).astype(np.float32)
    flat = np.random.default_rng(0).uniform(0.1, 0.9, (5, 6, 2))
    columns, rows = (spline_matrix(20_000, nodes) for nodes in (11, 15))
    at_x, at_y = (np.round(flat[..., k] * 20_000 - 0.5).astype(int) for k in (0, 1))
    moved = np.einsum("...r,krc,...c->...k", rows[at_y], displacement, columns[at_x])
    found = flattened_points(displacement, (flat + moved) * size_wh, size_wh)
    assert np.abs(found - flat * size_wh).max() < 0.3
    still = np.zeros((2, 15, 11), np.float32)
    assert np.allclose(flattened_points(still, flat * size_wh, size_wh), flat * size_wh)


def test_an_output_name_too_long_is_refused() -> None:
    assert with_output(b"", "grid").endswith(b"\x08\x01")
    with pytest.raises(ValueError, match="at most 127"):
        with_output(b"", "x" * 130)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ([(0, 0), (10, 0), (10, 4), (0, 4)], 1.0),
        ([(5, 0), (15, 0), (15, 4), (5, 4)], 1 / 3),
        ([(20, 0), (30, 0), (30, 4), (20, 4)], 0.0),
    ],
)
def test_overlap_is_intersection_over_union(box: list[tuple[int, int]], share: float) -> None:
    line = np.array([(0, 0), (10, 0), (10, 4), (0, 4)], np.float32)
    assert unwarping.overlap(line, np.array(box, np.float32)) == pytest.approx(share, abs=1e-4)


def test_a_short_run_prints_its_figures_last(capsys: pytest.CaptureFixture[str]) -> None:
    unwarping.main(["--pages", "1", "--flat-pages", "2"])
    last = capsys.readouterr().out.strip().splitlines()[-3:]
    assert [line.split(" ")[0] for line in last] == ["displacement", "lines", "lines"]
    assert all(line.endswith((": met", ": missed")) for line in last)
    assert "on 2 curved pages" in last[1] and "on 2 flat pages" in last[2]


@pytest.mark.parametrize("arguments", [["--pages", "0"], ["--flat-pages", "-1"], ["--engine", "tensorrt"]])
def test_wrong_options_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        unwarping.main(arguments)
    assert refused.value.code == 2

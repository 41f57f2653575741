"""What a scanner, a camera and a bent page do to a picture, and where its text lines are afterwards.

Every effect takes and returns image_rgb, uint8 (H, W, 3), and the lines on it; inputs are never changed.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.sample_canvas import Line

Picture = tuple[NDArray[np.uint8], list[Line]]
Points = NDArray[np.float64]
LIFT = 78.0  # pixels by which the highest fold of a bent page stands above the table


def turn(image_rgb: NDArray[np.uint8], lines: Sequence[Line], clockwise: int) -> Picture:
    """Turn by 90, 180 or 270 degrees clockwise; each outline still starts at its text's own top left."""
    height, width = image_rgb.shape[:2]
    moves: dict[int, Callable[[Points], Points]] = {
        90: lambda p: np.stack([height - p[:, 1], p[:, 0]], axis=1),
        180: lambda p: np.stack([width - p[:, 0], height - p[:, 1]], axis=1),
        270: lambda p: np.stack([p[:, 1], width - p[:, 0]], axis=1),
    }
    move = moves[clockwise]
    turned = np.ascontiguousarray(np.rot90(image_rgb, k=-clockwise // 90))
    return turned, [Line(move(line.outline_xy), line.text) for line in lines]


def rotate(image_rgb: NDArray[np.uint8], lines: Sequence[Line], degrees: float) -> Picture:
    """Skew by a small angle about the centre (positive: clockwise); the edge is continued outward."""
    height, width = image_rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    turned = cv2.warpAffine(
        image_rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    moved = [Line(line.outline_xy @ matrix[:, :2].T + matrix[:, 2], line.text) for line in lines]
    return np.asarray(turned, np.uint8), moved


def photograph(
    image_rgb: NDArray[np.uint8],
    lines: Sequence[Line],
    rng: np.random.Generator,
    corners_xy: Sequence[tuple[float, float]],
    size_wh: tuple[int, int],
) -> Picture:
    """The page on a desk, seen by a hand-held camera: corners_xy is where its corners land in the photo."""
    height, width = image_rgb.shape[:2]
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    corners = np.array(corners_xy, np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(flat, corners), np.float64)
    page = cv2.warpPerspective(image_rgb, matrix, size_wh, flags=cv2.INTER_AREA).astype(np.float64)
    inside = np.zeros(size_wh[::-1], np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners * 16).astype(np.int32), (255,), cv2.LINE_AA, 4)
    cover = (cv2.GaussianBlur(inside, (3, 3), 0).astype(np.float64) / 255)[..., None]
    under = cv2.GaussianBlur(np.roll(inside, (10, 12), (0, 1)), (0, 0), 14)
    fallen = under.astype(np.float64)[..., None] / 255
    photo = cover * page + (1 - cover) * _wood(size_wh, rng) * (1 - 0.55 * fallen)
    photo = cv2.GaussianBlur(photo, (0, 0), 0.6) * _light(size_wh)[..., None]
    photo *= np.array([1.02, 1.0, 0.94])  # indoor light is warm
    moved = [Line(_through(matrix, line.outline_xy), line.text) for line in lines]
    return _grain(photo, rng, 3.0), moved


def curl(
    image_rgb: NDArray[np.uint8], lines: Sequence[Line], rng: np.random.Generator, margin: int = 90
) -> Picture:
    """A page of an open book, its spine at the left: text runs along curves that flatten outward.

    With s in [0, 1] from the spine outward, the page's lift above the table is z(s) = 4s·exp(1 - 4s): it
    rises steeply from the spine and sinks to the table. Lift moves a point up in the picture and enlarges
    it a little; steepness narrows it. Columns stay columns, so the map is inverted exactly, column by column.
    """
    height, width = image_rgb.shape[:2]
    s = np.linspace(0.0, 1.0, 1001)
    lift = 4.0 * s * np.exp(1.0 - 4.0 * s)  # 0 at the spine, 1 at s = 0.25
    slope = np.gradient(lift, s) * 0.20
    narrowed = 1 / np.hypot(1, slope)
    across = np.concatenate([[0.0], np.cumsum(0.5 * (narrowed[1:] + narrowed[:-1]))]) * width / 1000.0
    out_w, out_h = int(across[-1]) + 2 * margin, height + 2 * margin
    middle = height / 2

    def forward(points: Points) -> Points:
        at = points[:, 0] / width
        up = np.interp(at, s, lift)
        x = margin + np.interp(at, s, across)
        y = margin + middle + (points[:, 1] - middle) * (0.96 + 0.03 * up) - LIFT * (up - 0.35)
        return np.stack([x, y], axis=1)

    columns = np.interp(np.arange(out_w) - margin, across, s)
    up = np.interp(columns, s, lift)
    rows = np.arange(out_h, dtype=np.float64)[:, None]
    source_y = middle + (rows - margin - middle + LIFT * (up - 0.35)) / (0.96 + 0.03 * up)
    source_x = np.broadcast_to(columns * width, source_y.shape)
    paper = cv2.remap(
        image_rgb, source_x.astype(np.float32), source_y.astype(np.float32), cv2.INTER_CUBIC
    ).astype(np.float64)
    x = np.arange(out_w) - margin
    on_page = (x >= 0) & (x <= across[-1]) & (source_y >= 0) & (source_y <= height)
    cover = cv2.GaussianBlur(on_page.astype(np.float64), (0, 0), 0.8)[..., None]
    tilt = np.interp(columns, s, slope)
    shade = np.clip(0.97 - 0.16 * tilt - 0.35 * np.exp(-columns * 28), 0.35, 1.0)[None, :, None]
    desk = _wood((out_w, out_h), rng) * 0.6
    desk[:, : margin + 4] *= np.linspace(0.75, 0.25, margin + 4)[None, :, None]
    photo = (cover * paper * shade + (1 - cover) * desk) * _light((out_w, out_h))[..., None]
    return _grain(photo, rng, 2.5), [Line(forward(_dense(line.outline_xy)), line.text) for line in lines]


def scan(
    image_rgb: NDArray[np.uint8], rng: np.random.Generator, dark: float, bright: float, noise: float = 5.0
) -> NDArray[np.uint8]:
    """A grey flatbed scan of a faded copy: ink at dark, paper at bright, soft, specked, a dark margin."""
    soft = cv2.GaussianBlur(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY), (0, 0), 0.7)
    grey: Points = soft.astype(np.float64) / 255
    height, width = grey.shape
    stain = cv2.resize(rng.normal(0, 1, (9, 7)), (width, height), interpolation=cv2.INTER_CUBIC)
    grey = dark + (bright - dark) * grey + 3.0 * stain
    grey -= 14 * np.exp(-np.arange(width) / 30)[None, :]
    count = width * height // 22000
    for x, y, size in zip(
        rng.integers(0, width, count), rng.integers(0, height, count), rng.integers(1, 3, count), strict=True
    ):
        cv2.circle(grey, (int(x), int(y)), int(size) - 1, (dark + rng.uniform(0, 50),), -1, cv2.LINE_AA)
    return _grain(np.repeat(grey[..., None], 3, axis=2), rng, noise)


def quad_of(outline_xy: Points) -> Points:
    """The quad a detector would draw round an outline, float64 (4, 2), clockwise from the text's top left.

    Four points are taken as they are; a longer outline gets its smallest rotated rectangle.
    """
    if len(outline_xy) == 4:
        return outline_xy.copy()
    corners = cv2.boxPoints(cv2.minAreaRect(outline_xy.astype(np.float32))).astype(np.float64)
    edge, following = corners[1] - corners[0], corners[2] - corners[1]
    if edge[0] * following[1] - edge[1] * following[0] < 0:  # y points down: clockwise is a positive turn
        corners = corners[::-1]
    first = int(np.argmin(np.linalg.norm(corners - outline_xy[0], axis=1)))
    return np.roll(corners, -first, axis=0)


def _dense(quad_xy: Points, points: int = 12) -> Points:
    """The same outline with points along its upper and its lower edge."""
    steps = np.linspace(0, 1, points)[:, None]
    upper, lower = ((a + (b - a) * steps) for a, b in (quad_xy[:2], quad_xy[2:]))
    return np.concatenate([upper, lower])


def _through(matrix: NDArray[np.float64], points: Points) -> Points:
    return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0], np.float64)


def _wood(size_wh: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """A brown desk top with grain along x."""
    width, height = size_wh
    fibres = cv2.resize(rng.normal(0, 1, (height // 3, 12)), (width, height), interpolation=cv2.INTER_CUBIC)
    boards = np.sin(np.arange(height) / 130.0)[:, None] * 4
    return np.asarray(np.array([132.0, 98.0, 68.0]) + (fibres * 7 + boards)[..., None], np.float64)


def _light(size_wh: tuple[int, int]) -> NDArray[np.float64]:
    """A lamp at the upper left and the soft shadow of the photographer's hand at the lower right."""
    width, height = size_wh
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    lamp = 1.04 - 0.30 * np.hypot(x - 0.25, y - 0.2)
    shadow = 1 / (1 + np.exp(-(x * 0.9 + y - 1.38 + 0.05 * np.sin(7 * y)) * 26))
    return np.asarray(lamp * (1 - 0.30 * shadow), np.float64)


def _grain(image: NDArray[np.float64], rng: np.random.Generator, sigma: float) -> NDArray[np.uint8]:
    noisy = image + rng.normal(0, sigma, image.shape[:2])[..., None]
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)

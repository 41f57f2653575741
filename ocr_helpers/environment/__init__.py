"""The facts about this machine that decide whether OCR works here, and the traps that users are known to fall
into.

:func:`find_traps` is a pure function of :class:`EnvironmentFacts`, so every trap is tested as a row of a
table.
"""

import importlib.metadata
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ocr_helpers.device import PaddleBuild, cpu_thread_count, paddle_build
from ocr_helpers.fonts import HangulFontError, hangul_font_path

__all__ = ["EnvironmentFacts", "Trap", "find_traps", "gather_facts"]

_OPENCV = (
    "opencv-python",
    "opencv-contrib-python",
    "opencv-python-headless",
    "opencv-contrib-python-headless",
)
_PADDLE = ("paddlepaddle", "paddlepaddle-gpu")
_ONNXRUNTIME = ("onnxruntime", "onnxruntime-gpu")


@dataclass(frozen=True, slots=True)
class Trap:
    """Something known to go wrong, and what to do about it.

    Attributes:
        what: what was found and what it leads to.
        remedy: what to do.
        severity: ``"error"`` if reading text fails or may be wrong, ``"warning"`` if it is merely worse.

    """

    what: str
    remedy: str
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """What is installed and seen; versions by distribution name, only of those installed.

    Attributes:
        python, system: versions, as text.
        versions: distribution → version, of PaddleOCR, PaddleX and all that share a module with a rival
            (paddlepaddle, onnxruntime and OpenCV each come as several distributions that overwrite each
            other).
        paddle: what the installed Paddle was built for and sees.
        device: ``"cpu"`` or ``"gpu:N"``: where the networks will run.
        cpu_threads: cores this process may use.
        hangul_font: the font for pictures, or None.
        font_error: why there is none.

    """

    python: str
    system: str
    versions: dict[str, str] = field(default_factory=dict)
    paddle: PaddleBuild = field(default_factory=lambda: PaddleBuild(installed=False))
    device: str = "cpu"
    cpu_threads: int = 1
    hangul_font: Path | None = None
    font_error: str = ""

    def installed(self, names: tuple[str, ...]) -> dict[str, str]:
        """Those of ``names`` that are installed → version."""
        return {name: self.versions[name] for name in names if name in self.versions}

    @property
    def opencv(self) -> dict[str, str]:
        """OpenCV distributions → version."""
        return self.installed(_OPENCV)


def gather_facts(device: str) -> EnvironmentFacts:
    """Look at this machine; ``device`` is where the networks will run."""
    versions = {}
    for name in (*_PADDLE, "paddleocr", "paddlex", *_ONNXRUNTIME, *_OPENCV):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    font, font_error = None, ""
    try:
        font = hangul_font_path()
    except HangulFontError as error:
        font_error = str(error)
    return EnvironmentFacts(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        versions=versions,
        paddle=paddle_build(),
        device=device,
        cpu_threads=cpu_thread_count(),
        hangul_font=font,
        font_error=font_error,
    )


def find_traps(facts: EnvironmentFacts) -> tuple[Trap, ...]:
    """The traps that these facts show, the most serious kinds first."""
    return (*_missing(facts), *_paddle_traps(facts), *_rivals(facts), *_font_traps(facts))


def _missing(facts: EnvironmentFacts) -> list[Trap]:
    traps = []
    if not facts.installed(_PADDLE) and not facts.paddle.installed:
        traps.append(
            Trap(
                "PaddlePaddle is not installed: the engine paddle cannot run.",
                "pip install paddlepaddle==3.2.2",
            )
        )
    paddleocr = facts.versions.get("paddleocr")
    if paddleocr is None:
        traps.append(Trap("PaddleOCR is not installed.", "pip install 'paddleocr>=3.7,<3.8'"))
    elif not paddleocr.startswith("3.7."):
        traps.append(
            Trap(
                f"PaddleOCR {paddleocr} is installed; this package is made for 3.7, where engines can be "
                "chosen.",
                "pip install 'paddleocr>=3.7,<3.8'",
            )
        )
    if not facts.installed(_ONNXRUNTIME):
        traps.append(
            Trap(
                "onnxruntime is not installed: the starter detection weights cannot run, and CPUs read "
                "slower.",
                "pip install 'onnxruntime>=1.32'",
            )
        )
    return traps


def _paddle_traps(facts: EnvironmentFacts) -> list[Trap]:
    traps = []
    for version in facts.installed(_PADDLE).values():
        if version.startswith("3.3.") and facts.device == "cpu":
            traps.append(
                Trap(
                    f"paddlepaddle {version} crashes on CPUs in the official detection network while oneDNN "
                    "is on, its default (ConvertPirAttribute2RuntimeAttribute not support).",
                    "The loaders here turn oneDNN off. In calls of your own pass enable_mkldnn=False, or "
                    "pip install paddlepaddle==3.2.2",
                    "warning",
                )
            )
    build = facts.paddle
    if build.cuda is not None and not build.gpu_names:
        traps.append(
            Trap(
                f"A GPU is not used: {build.describe()}.",
                "Check that nvidia-smi lists a GPU and that the driver supports this CUDA version; on a "
                "machine without one: pip uninstall paddlepaddle-gpu, then pip install paddlepaddle==3.2.2",
                "error" if build.error is not None else "warning",
            )
        )
    return traps


def _rivals(facts: EnvironmentFacts) -> list[Trap]:
    """Distributions that install the same module: whichever came last wins, file by file."""
    traps = []
    for module, names in (("paddle", _PADDLE), ("onnxruntime", _ONNXRUNTIME)):
        if len(found := facts.installed(names)) > 1:
            traps.append(
                Trap(
                    f"{_listed(found)} are both installed and overwrite each other's module {module}.",
                    f"pip uninstall {' '.join(found)}, then install the one you need.",
                )
            )
    if len(set(facts.opencv.values())) > 1:
        traps.append(
            Trap(
                f"OpenCV is installed in different versions that overwrite each other's cv2: "
                f"{_listed(facts.opencv)}.",
                f"pip uninstall {' '.join(facts.opencv)}, then pip install opencv-contrib-python==4.10.0.84 "
                "(the version PaddleOCR 3.7 requires).",
            )
        )
    elif not facts.opencv:
        traps.append(Trap("OpenCV is not installed.", "pip install opencv-contrib-python==4.10.0.84"))
    return traps


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _font_traps(facts: EnvironmentFacts) -> list[Trap]:
    if facts.hangul_font is not None:
        return []
    return [
        Trap(
            f"No Hangul font: pictures would show boxes instead of Korean. {facts.font_error}".rstrip(),
            "pip install koreanize-matplotlib",
        )
    ]

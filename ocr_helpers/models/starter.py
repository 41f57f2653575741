"""The small weights that come with the project: verified, and put where PaddleOCR can load them.

Four of the five modules lie in the repository in both forms. Detection's network, PP-OCRv6_small_det in
onnx form, lies inside the package rapidocr (Apache-2.0); our own ``inference.yml`` is put beside a copy of it
in the user's cache, because PaddleOCR loads a directory, and neither the repository nor the installed package
is ours to write into. The copy has 0 in place of denormal weights and is written for onnxruntime's blocked
layout.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.models.blocked_layout import in_blocked_layout
from ocr_helpers.models.denormals import without_denormals
from ocr_helpers.models.names import MODEL_NAMES

__all__ = [
    "STARTER_MODELS_DIR",
    "CacheDirectoryError",
    "StarterWeightsDamagedError",
    "StarterWeightsMissingError",
    "cache_dir",
    "published_detection",
    "starter_model_dir",
]

STARTER_MODELS_DIR: Final = Path(__file__).resolve().parents[2] / "data" / "starter_models"

_DETECTION = "PP-OCRv5_mobile_det"
_RAPIDOCR_FILE = "PP-OCRv6_det_small.onnx"
_RAPIDOCR_SHA256 = "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"  # rapidocr 3.10.0
_DETECTION_SHA256 = "29fe1b1d77542d3f91bac73ff86ae04c6f0a4493b976c9292bfd6beaeafceb4c"
_MODELS = tuple(names[0] for names in MODEL_NAMES.values())


class StarterWeightsMissingError(OcrHelpersError):
    """There are no starter weights for this model, or their files are not there."""


class StarterWeightsDamagedError(OcrHelpersError):
    """A file of the starter weights is not the one that was published (its SHA-256 differs)."""


class CacheDirectoryError(OcrHelpersError):
    """The user's cache directory cannot be written."""


def cache_dir() -> Path:
    """The project's cache: ``$XDG_CACHE_HOME/korean-ocr-workbench``, by default under ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and ignored.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "korean-ocr-workbench"


def starter_model_dir(model_name: str, *, source_dir: Path = STARTER_MODELS_DIR) -> Path:
    """Verify the starter weights of a model; return a directory that PaddleOCR can load.

    Args:
        model_name: a PaddleOCR model name.
        source_dir: where ``SHA256SUMS`` and the models lie.

    Raises:
        StarterWeightsMissingError: none for this model, or files are absent.
        StarterWeightsDamagedError: a SHA-256 differs.
        CacheDirectoryError: the copy for detection cannot be written.

    """
    if model_name not in _MODELS:
        raise StarterWeightsMissingError(
            f"There are no starter weights for {model_name} (only for {', '.join(_MODELS)}). "
            "Use weights='official' with a network, or name a directory: weights={module: directory}."
        )
    sums = _read_sums(source_dir)
    own = {name: digest for name, digest in sums.items() if name.split("/")[0] == model_name}
    if not own:
        raise StarterWeightsMissingError(f"{source_dir / 'SHA256SUMS'} lists no file of {model_name}.")
    for name, digest in own.items():
        verify_sha256(source_dir / name, digest)
    if model_name == _DETECTION:
        return _assemble_detection(source_dir / model_name / "inference.yml", own)
    return source_dir / model_name


def _read_sums(source_dir: Path) -> dict[str, str]:
    """Relative path → SHA-256, from a file in the format of the command sha256sum."""
    path = source_dir / "SHA256SUMS"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise StarterWeightsMissingError(
            f"The starter weights are not at {source_dir} ({error.strerror}). They come with the repository: "
            "install the package from a clone with pip install -e ."
        ) from error
    sums: dict[str, str] = {}
    for line in lines:
        digest, _, name = line.partition(" ")
        name = name.strip().removeprefix("*").removeprefix("./")
        if line.strip() and (len(digest) != 64 or not name or ".." in Path(name).parts):
            raise StarterWeightsDamagedError(
                f"{path} has the line {line!r}; expected a SHA-256 and a path, as sha256sum writes them."
            )
        if line.strip():
            sums[name] = digest.lower()
    return sums


def verify_sha256(path: Path, expected: str) -> None:
    """Compare a file with its published SHA-256 (each file is read once per process and state).

    Raises:
        StarterWeightsMissingError: the file is absent.
        StarterWeightsDamagedError: it differs.

    """
    try:
        state = path.stat()
    except OSError as error:
        raise StarterWeightsMissingError(
            f"{path} of the starter weights is missing. Restore it with: git checkout -- data/starter_models"
        ) from error
    found = _sha256(path, state.st_size, state.st_mtime_ns)
    if found != expected:
        raise StarterWeightsDamagedError(
            f"{path} is not the published file: its SHA-256 is {found}, expected {expected}. Restore it "
            "(git checkout -- data/starter_models, or reinstall rapidocr==3.10.0); it was not loaded."
        )


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    """SHA-256 of a file; size and time are in the key so that a changed file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def published_detection() -> Path:
    """The detection network as RapidOCR publishes it: inside the installed package, verified.

    Raises:
        StarterWeightsMissingError: the package is not installed, or without it.
        StarterWeightsDamagedError: its SHA-256 differs.

    """
    path = _rapidocr_onnx()
    verify_sha256(path, _RAPIDOCR_SHA256)
    return path


def _rapidocr_onnx() -> Path:
    """The onnx file inside the installed package, found without importing it."""
    spec = importlib.util.find_spec("rapidocr")
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(location) / "models" / _RAPIDOCR_FILE
        if path.is_file():
            return path
    raise StarterWeightsMissingError(
        f"The starter detection weights ({_RAPIDOCR_FILE}) come with the package rapidocr, which "
        f"{'is not installed' if spec is None else 'does not hold them here'}. "
        "Install it with: pip install rapidocr==3.10.0"
    )


def _assemble_detection(config: Path, sums: Mapping[str, str]) -> Path:
    """A directory with rapidocr's network and our ``inference.yml``, made once per content.

    It is built aside and renamed into place, so another process never sees half of it.
    """
    onnx = published_detection()
    files = {"inference.onnx": _DETECTION_SHA256, "inference.yml": sums[f"{_DETECTION}/inference.yml"]}
    key = hashlib.sha256("".join(files.values()).encode()).hexdigest()[:12]
    target = cache_dir() / "starter_models" / f"{_DETECTION}-{key}"
    if _holds(target, files):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch:
            fresh, stale = Path(scratch) / "fresh", Path(scratch) / "stale"
            fresh.mkdir()
            network = in_blocked_layout(without_denormals(onnx.read_bytes()))
            (fresh / "inference.onnx").write_bytes(network)
            shutil.copyfile(config, fresh / "inference.yml")
            for _attempt in range(3):
                # Of two processes that do this at once one rename fails; what the other put there serves
                # both.
                with contextlib.suppress(OSError):
                    if target.exists() and not _holds(target, files):
                        target.rename(stale)  # damaged: out of the way, removed with the scratch directory
                    fresh.rename(target)
                if _holds(target, files):
                    return target
    except OSError as error:
        raise CacheDirectoryError(
            f"The starter detection model cannot be put into {target.parent}: {error.strerror}. "
            "Set XDG_CACHE_HOME to a directory you can write."
        ) from error
    raise CacheDirectoryError(
        f"{target} cannot be replaced by a whole copy of the starter detection model. Delete it and try "
        "again."
    )


def _holds(directory: Path, files: Mapping[str, str]) -> bool:
    try:
        for name, digest in files.items():
            verify_sha256(directory / name, digest)
    except (StarterWeightsMissingError, StarterWeightsDamagedError):
        return False
    return True

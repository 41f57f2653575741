"""The official weights: PaddleOCR's own cache, whether a model hub answers, and PaddleOCR's own download.

PaddleX keeps the paddle form of model ``M`` in ``<cache>/official_models/M`` and the onnx form in
``…/M_onnx``, where ``<cache>`` is ``$PADDLE_PDX_CACHE_HOME`` or ``~/.paddlex``
(``paddlex/inference/utils/official_models.py``, 3.7).
"""

import os
import queue
import threading
import time
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.models.files import check_model_dir
from ocr_helpers.models.names import Engine

__all__ = ["OfficialWeightsUnreachableError", "cached_official", "fetch_official", "official_dir"]

PROBE_SECONDS = 3.0
"""How long the hubs have to answer. They are asked once per process, all at the same time."""


class OfficialWeightsUnreachableError(OcrHelpersError):
    """The official weights are not cached and cannot be fetched.

    Attributes:
        reason: why, in a few words.

    """

    def __init__(self, module: str, model_name: str, engine: Engine, reason: str) -> None:
        directory = official_dir(model_name, engine)
        super().__init__(
            f"The official weights of {model_name} are not cached and cannot be fetched: {reason}. "
            f"Use the small weights that come with the project, weights='starter'; or put a downloaded "
            f"{directory.name} at {directory}; or name its directory: weights={{{module!r}: directory}}."
        )
        self.reason = reason


def official_dir(model_name: str, engine: Engine) -> Path:
    """Where PaddleX keeps, or would put, a model's official weights in the form that ``engine`` needs."""
    base = os.environ.get("PADDLE_PDX_CACHE_HOME") or Path.home() / ".paddlex"
    return Path(base) / "official_models" / (model_name if engine == "paddle" else f"{model_name}_onnx")


def cached_official(module: str, model_name: str, engines: Sequence[Engine]) -> tuple[Path, Engine] | None:
    """The first of ``engines`` whose official weights are cached, and where; None if none is.

    Raises:
        ocr_helpers.errors.OcrHelpersError: the directory is there but damaged, e.g. half downloaded (see
            ``ocr_helpers.models.files.check_model_dir``): PaddleX would take it as complete.

    """
    for engine in engines:
        directory = official_dir(model_name, engine)
        if directory.is_dir() and engine in check_model_dir(directory, module=module, model_name=model_name):
            return directory, engine
    return None


def why_unreachable() -> str | None:
    """None if a model hub answers, else the reason in words. Takes at most about :data:`PROBE_SECONDS`.

    ``HF_HUB_OFFLINE=1`` (the variable of huggingface_hub) counts as offline; then nothing is asked at all.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return "HF_HUB_OFFLINE is set"
    return None if _a_hub_answers() else "no model hub can be reached"


@lru_cache(maxsize=1)
def _a_hub_answers() -> bool:
    return any_answers(hub_urls(), PROBE_SECONDS)


def hub_urls() -> frozenset[str]:
    """The addresses that PaddleX 3.7 asks before it downloads.

    Kept here, and compared with PaddleX by a test, because importing PaddleX takes longer than asking them.
    """
    return frozenset(
        {
            os.environ.get("PADDLE_PDX_HUGGING_FACE_ENDPOINT", "https://huggingface.co"),
            "https://aistudio.baidu.com",
            "https://modelscope.cn",
            "https://paddle-model-ecology.bj.bcebos.com",
        }
    )


def any_answers(urls: Collection[str], seconds: float) -> bool:
    """Whether one of these addresses answers a HEAD request well; all are asked at once, each once.

    Returns within ``seconds``, even where looking up a name hangs.
    """
    import requests

    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(url: str) -> None:
        try:
            answers.put(requests.head(url, timeout=seconds).ok)
        except (requests.RequestException, OSError, ValueError):
            answers.put(False)

    # Daemon threads, because looking up a name can hang far longer than the timeout of the connection.
    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    deadline = time.monotonic() + seconds
    for _ in urls:
        try:
            if answers.get(timeout=max(0.0, deadline - time.monotonic())):
                return True
        except queue.Empty:
            return False
    return False


def fetch_official(module: str, model_name: str, engine: Engine, *, timeout_s: float | None = None) -> Path:
    """Let PaddleX download official weights into its cache; return the directory, checked.

    Args:
        module: one of ``ocr_helpers.models.names.MODULES``.
        model_name: a model of that module.
        engine: which form to fetch.
        timeout_s: give up waiting after so many seconds (the download goes on in the background, for next
            time); None waits until it is done.

    Raises:
        OfficialWeightsUnreachableError: no hub answers (known within :data:`PROBE_SECONDS`), the download
            failed, or it took longer than ``timeout_s``.

    """
    reason = why_unreachable()
    if reason is None:
        reason = _download(model_name, engine, timeout_s)
    if reason is not None:
        raise OfficialWeightsUnreachableError(module, model_name, engine, reason)
    directory = official_dir(model_name, engine)
    check_model_dir(directory, module=module, model_name=model_name)
    return directory


def _download(model_name: str, engine: Engine, timeout_s: float | None) -> str | None:
    """Download; return None, or why it did not succeed."""
    with quiet_paddle():
        from paddlex.inference.utils.official_models import official_models

    outcome: list[Any] = []

    def work() -> None:
        try:
            form = "paddle" if engine == "paddle" else "onnx"
            official_models.get_model_path(model_name, model_formats=(form,))
            outcome.append(None)
        except Exception as error:  # hubs raise dozens of types; the reason is passed on in words
            outcome.append(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")

    with quiet_paddle():
        if timeout_s is None:
            work()  # in this thread, so that it can be interrupted
        else:
            worker = threading.Thread(target=work, daemon=True)
            worker.start()
            worker.join(timeout_s)
    if not outcome:
        return f"the download takes longer than {timeout_s:.0f} s (it goes on in the background)"
    reason: str | None = outcome[0]
    return reason

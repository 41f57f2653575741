"""Which device and which engine run the networks, and why.

Nothing here imports paddle unless Paddle was built for GPUs: its build is read from a file of the installed
package.
"""

import importlib.metadata
import importlib.util
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.models.names import ENGINES, Engine, check_module

__all__ = [
    "DeviceNotAvailableError",
    "EngineNotAvailableError",
    "PaddleBuild",
    "UnknownDeviceError",
    "UnknownEngineError",
    "check_device_name",
    "choose_device",
    "choose_engine",
    "cpu_thread_count",
    "engine_of",
    "engine_preference",
    "installed_engines",
    "paddle_build",
    "paddle_version",
]

_DEVICE = re.compile(r"cpu|gpu(?::([0-9]{1,3}))?")


class UnknownDeviceError(OcrHelpersError):
    """A device name that is not understood."""


class DeviceNotAvailableError(OcrHelpersError):
    """The device asked for is not there, or Paddle cannot use it."""


class UnknownEngineError(OcrHelpersError):
    """An engine name that is not understood."""


class EngineNotAvailableError(OcrHelpersError):
    """The engine asked for is not installed, cannot use the device, or has no form of these weights."""


@dataclass(frozen=True, slots=True)
class PaddleBuild:
    """What the installed Paddle was built for, and what it sees.

    Attributes:
        installed: whether the module paddle can be found.
        cuda: the CUDA version it was built for, such as ``"12.6"``; None for a CPU build.
        gpu_names: the GPUs it sees, by index.
        error: why it could not be asked, where importing it failed.

    """

    installed: bool
    cuda: str | None = None
    gpu_names: tuple[str, ...] = ()
    error: str | None = None

    def describe(self) -> str:
        """What is there, as a clause for messages."""
        if not self.installed:
            return "PaddlePaddle is not installed"
        if self.cuda is None:
            return "the installed paddlepaddle is the CPU build"
        if self.error is not None:
            return f"the GPU build of PaddlePaddle (CUDA {self.cuda}) cannot be imported: {self.error}"
        if not self.gpu_names:
            return f"PaddlePaddle is built for CUDA {self.cuda}, but sees no GPU"
        seen = ", ".join(f"gpu:{index} ({name})" for index, name in enumerate(self.gpu_names))
        return f"PaddlePaddle is built for CUDA {self.cuda} and sees {seen}"


@lru_cache(maxsize=1)
def paddle_build() -> PaddleBuild:
    """Ask the installed Paddle. A CPU build is recognised without importing it (that takes seconds)."""
    spec = importlib.util.find_spec("paddle")
    if spec is None or not spec.submodule_search_locations:
        return PaddleBuild(installed=False)
    version_file = Path(next(iter(spec.submodule_search_locations))) / "version" / "__init__.py"
    text = version_file.read_text(encoding="utf-8") if version_file.is_file() else ""
    match = re.search(r"^cuda_version\s*=\s*'([^']*)'", text, re.MULTILINE)
    cuda = match[1] if match is not None else "unknown"
    if cuda == "False":
        return PaddleBuild(installed=True)
    try:
        with quiet_paddle():
            import paddle

            count = paddle.device.cuda.device_count() if paddle.device.is_compiled_with_cuda() else 0
            names = tuple(str(paddle.device.cuda.get_device_name(index)) for index in range(count))
    except Exception as error:  # a missing CUDA library shows as ImportError, OSError or RuntimeError
        return PaddleBuild(installed=True, cuda=cuda, error=" ".join(str(error).split())[:200])
    return PaddleBuild(installed=True, cuda=cuda, gpu_names=names)


def paddle_version() -> str | None:
    """Version of the installed paddlepaddle or paddlepaddle-gpu; None without either."""
    for name in ("paddlepaddle", "paddlepaddle-gpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def check_device_name(device: object) -> str:
    """Return ``device`` if PaddleOCR takes it: ``"cpu"``, ``"gpu"`` or ``"gpu:N"``, here or elsewhere.

    Raises:
        UnknownDeviceError: anything else.

    """
    if isinstance(device, str) and _DEVICE.fullmatch(device):
        return device
    raise UnknownDeviceError(
        f"device is {device!r}; expected 'cpu', 'gpu' or 'gpu:N' with N the number of the GPU, from 0."
    )


def choose_device(device: str = "auto", *, build: PaddleBuild | None = None) -> str:
    """Return ``"cpu"`` or ``"gpu:N"``.

    Args:
        device: ``"auto"`` takes the first GPU where Paddle was built for GPUs and sees one, else the CPU.
            ``"cpu"``, ``"gpu"`` (the first) and ``"gpu:N"`` are taken at their word.
        build: what Paddle offers; by default the installed one is asked.

    Raises:
        UnknownDeviceError: not one of those words.
        DeviceNotAvailableError: a GPU was asked for by name and cannot be had; the message says what is
            there.

    """
    match = _DEVICE.fullmatch(device) if isinstance(device, str) else None
    if match is None and device != "auto":
        raise UnknownDeviceError(
            f"device is {device!r}; choose 'auto', 'cpu', 'gpu' or 'gpu:N' with N the number of the GPU, "
            "from 0."
        )
    if device == "cpu":
        return "cpu"
    build = paddle_build() if build is None else build
    if match is None:
        return "gpu:0" if build.gpu_names else "cpu"
    index = int(match[1] or 0)
    if index >= len(build.gpu_names):
        remedy = (
            f"Choose from {', '.join(f'gpu:{i}' for i in range(len(build.gpu_names)))} or 'cpu'."
            if build.gpu_names
            else "Use device='cpu', or install the paddlepaddle-gpu that fits your driver."
        )
        raise DeviceNotAvailableError(f"device {device!r} is not available: {build.describe()}. {remedy}")
    return f"gpu:{index}"


def engine_of(engine: str | Mapping[str, str], module: str) -> str:
    """The engine asked for one module: ``engine`` itself, or its entry in a mapping of module to engine.

    A module that the mapping leaves out is ``"auto"``.

    Raises:
        ocr_helpers.models.names.UnknownModuleError: the mapping names something that is no module.
        UnknownEngineError: a name that is not understood, for whichever module.

    """
    if not isinstance(engine, Mapping):
        return engine
    for name, value in engine.items():
        check_module(name)
        try:
            engine_preference(value, "cpu")
        except UnknownEngineError as error:
            raise UnknownEngineError(f"{name}: {error}") from None
    return engine.get(module, "auto")


def engine_preference(engine: str, device: str) -> tuple[Engine, ...]:
    """Engines in the order in which they are wanted: the one named; for ``"auto"`` paddle first on a GPU,
    else onnx.

    On two CPU cores onnxruntime took half the time of paddle or less for every network of the pipeline.

    Raises:
        UnknownEngineError: not ``"auto"`` or one of ``ocr_helpers.models.names.ENGINES``.

    """
    if engine == "auto":
        return ENGINES if str(device).startswith("gpu") else tuple(reversed(ENGINES))
    for known in ENGINES:
        if engine == known:
            return (known,)
    raise UnknownEngineError(f"engine is {engine!r}; choose from 'auto', {', '.join(map(repr, ENGINES))}.")


@lru_cache(maxsize=1)
def installed_engines() -> tuple[Engine, ...]:
    """The engines whose package is installed (looked up, not imported)."""
    modules: dict[Engine, str] = {"paddle": "paddle", "onnxruntime": "onnxruntime"}
    return tuple(engine for engine, module in modules.items() if importlib.util.find_spec(module) is not None)


@lru_cache(maxsize=1)
def _onnxruntime_has_cuda() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def choose_engine(
    engine: str = "auto",
    *,
    device: str = "cpu",
    available: Sequence[Engine] = ENGINES,
    installed: Sequence[Engine] | None = None,
    onnxruntime_has_cuda: bool | None = None,
) -> Engine:
    """Return the engine to run one model's weights with.

    Args:
        engine: ``"paddle"``, ``"onnxruntime"``, or ``"auto"`` (see :func:`engine_preference`).
        device: ``"cpu"`` or ``"gpu:N"``.
        available: the engines that the weights at hand can run on (``ModelWeights.engines``).
        installed: the engines installed; by default looked up.
        onnxruntime_has_cuda: whether onnxruntime can use a GPU; by default it is asked.

    Raises:
        UnknownEngineError: not one of those words.
        EngineNotAvailableError: not installed, no such form of the weights, or onnxruntime cannot use the
            GPU.

    """
    wanted = engine_preference(engine, device)
    installed = installed_engines() if installed is None else installed
    reasons = []
    for candidate in wanted:
        if candidate not in available:
            reasons.append(f"the weights have no {'onnx' if candidate == 'onnxruntime' else 'paddle'} form")
        elif candidate not in installed:
            reasons.append(f"{candidate} is not installed")
        elif candidate == "onnxruntime" and device != "cpu":
            if _onnxruntime_has_cuda() if onnxruntime_has_cuda is None else onnxruntime_has_cuda:
                return candidate
            reasons.append(f"this onnxruntime cannot use {device} (it is the CPU build)")
        else:
            return candidate
    remedies = [f"engine={other!r}" for other in available if other in installed and other not in wanted]
    if device != "cpu":
        remedies.append("device='cpu'")
    raise EngineNotAvailableError(
        f"engine {engine!r} cannot run on {device}: {'; '.join(reasons)}. "
        f"Use {' or '.join([*remedies, 'other weights'])}."
    )


def cpu_thread_count() -> int:
    """How many CPU threads make sense: the cores this process may use, at least 1.

    Respects CPU affinity and a container's quota (cgroup v2), neither of which ``os.cpu_count`` knows.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        if quota != "max":
            cores = min(cores, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no cgroup v2 here: nothing limits the cores further
    return max(1, cores)

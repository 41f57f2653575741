"""Where each module's weights come from: official, starter or a directory of yours.

=============  ======================================================================================
``official``   PaddleOCR's own cache, or its download
``starter``    the small weights that come with the project, for all five modules
``auto``       official where cached or fetched within seconds, else starter, which is said once
a mapping      module → local directory (or one of the three words for that module)
=============  ======================================================================================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, Literal

from ocr_helpers.device import engine_of, engine_preference
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.messages import announce_once
from ocr_helpers.models.files import check_model_dir
from ocr_helpers.models.names import Engine, check_model_name, check_module
from ocr_helpers.models.official import OfficialWeightsUnreachableError, cached_official, fetch_official
from ocr_helpers.models.starter import StarterWeightsMissingError, starter_model_dir

__all__ = ["WEIGHTS", "ModelWeights", "Origin", "UnknownWeightsError", "WeightsSource", "find_weights"]

Origin = Literal["official", "starter", "local"]
WeightsSource = str | Mapping[str, str | PathLike[str]]

WEIGHTS: Final = ("auto", "official", "starter")

AUTO_FETCH_SECONDS = 15.0
"""How long ``auto`` waits for a download once a hub has answered; then the starter weights are used."""


class UnknownWeightsError(OcrHelpersError):
    """``weights`` is none of the words, or a mapping that does not say what is asked of it."""


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """One module's weights, checked and ready to load.

    Attributes:
        module: one of ``ocr_helpers.models.names.MODULES``.
        model_name: PaddleOCR's name of the model. The starter weights carry the name of the model they stand
            in for.
        model_dir: the directory to give PaddleOCR, together with the name.
        origin: ``"official"``, ``"starter"`` or ``"local"``.
        engines: the engines that the files in it can run on.

    """

    module: str
    model_name: str
    model_dir: Path
    origin: Origin
    engines: tuple[Engine, ...]


def find_weights(
    weights: WeightsSource = "auto",
    *,
    engine: str | Mapping[str, str] = "auto",
    device: str = "cpu",
    modules: Iterable[str] = ("text_detection", "text_recognition"),
    model_names: Mapping[str, str] | None = None,
    allow_download: bool = True,
) -> dict[str, ModelWeights]:
    """Find, check and, where asked for, download the weights of some modules.

    Args:
        weights: ``"auto"``, ``"official"``, ``"starter"``, or a mapping of module to a local directory (or to
            one of the words). A mapping must name every module asked for: nothing is fetched behind it.
        engine: ``"paddle"``, ``"onnxruntime"`` or ``"auto"``, or a mapping of module to one of them:
            decides which form of official weights is looked for.
        device: ``"cpu"`` or ``"gpu:N"``: decides which form ``engine="auto"`` prefers.
        modules: which of the five modules; by default the two needed to read text.
        model_names: module → PaddleOCR model name where not the default.
        allow_download: False looks at files only, never at the network.

    Returns:
        Module → :class:`ModelWeights`, in the order of ``modules``.

    Raises:
        UnknownWeightsError: see ``weights``.
        ocr_helpers.device.UnknownEngineError: see ``engine``.
        ocr_helpers.models.names.UnknownModuleError, UnknownModelNameError: see ``modules``, ``model_names``.
        ocr_helpers.models.official.OfficialWeightsUnreachableError: official ones asked for, not to be had.
        ocr_helpers.models.starter.StarterWeightsMissingError, StarterWeightsDamagedError,
        CacheDirectoryError. ocr_helpers.models.files.ModelDirectoryMissingError, ModelFilesIncompleteError: a
        directory is not usable. ocr_helpers.models.config.ModelConfigError, ModelNameMismatchError,
        UnsafeModelConfigError: same. Where several modules are asked for, the message names the module first.

    """
    wanted = [modules] if isinstance(modules, str) else list(modules)
    names = dict(model_names or {})
    for module in (*wanted, *names):
        check_module(module)
    sources = {module: _source_of(module, weights, wanted) for module in wanted}
    if isinstance(weights, Mapping):
        for module in weights:
            check_module(module)
    engines = {module: engine_preference(engine_of(engine, module), device) for module in wanted}
    chosen = {module: check_model_name(module, names.get(module)) for module in wanted}
    substituted: dict[str, list[str]] = {}
    found = {}
    for module, source in sources.items():
        try:
            found[module] = _find(
                module, chosen[module], source, engines[module], allow_download, substituted
            )
        except OcrHelpersError as error:
            if len(wanted) > 1:
                error.args = (f"{module}: {error}",)
            raise
    for reason, replaced in substituted.items():
        announce_once(
            f"Using the starter weights for {', '.join(replaced)}: the official ones are not cached, and "
            f"{reason}. Starter weights are small and less accurate."
        )
    return found


def _source_of(module: str, weights: object, wanted: Iterable[str]) -> str | PathLike[str]:
    if isinstance(weights, str) and weights in WEIGHTS:
        return weights
    if not isinstance(weights, Mapping):
        hint = f" For a local directory: weights={{{module!r}: {str(weights)!r}}}."
        raise UnknownWeightsError(
            f"weights is {weights!r}; choose from {', '.join(map(repr, WEIGHTS))}, or a mapping of module to "
            f"directory.{hint if isinstance(weights, str | PathLike) and str(weights) else ''}"
        )
    if module not in weights:
        missing = [name for name in wanted if name not in weights]
        raise UnknownWeightsError(
            f"weights names {', '.join(map(repr, weights)) or 'no module'}, but not "
            f"{', '.join(map(repr, missing))}, which {'is' if len(missing) == 1 else 'are'} needed. "
            f"Give {'it' if len(missing) == 1 else 'each'} a directory, or one of "
            f"{', '.join(map(repr, WEIGHTS))}."
        )
    source = weights[module]
    if not isinstance(source, str | PathLike) or not str(source).strip():
        raise UnknownWeightsError(
            f"weights[{module!r}] is {source!r}; expected a directory (str or Path) or one of "
            f"{', '.join(map(repr, WEIGHTS))}."
        )
    return source


def _find(
    module: str,
    model_name: str,
    source: str | PathLike[str],
    engines: tuple[Engine, ...],
    allow_download: bool,
    substituted: dict[str, list[str]],
) -> ModelWeights:
    """Find one module's weights; where starter weights stand in for official ones, note reason → model."""
    if source == "starter":
        return _starter(module, model_name)
    if source not in ("official", "auto"):
        directory = Path(source).expanduser()
        found = check_model_dir(directory, module=module, model_name=model_name)
        return ModelWeights(module, model_name, directory.resolve(), "local", found)
    if (cached := cached_official(module, model_name, engines)) is not None:
        return ModelWeights(module, model_name, cached[0], "official", (cached[1],))
    try:
        if not allow_download:
            raise OfficialWeightsUnreachableError(
                module, model_name, engines[0], "downloading was not allowed"
            )
        limit = AUTO_FETCH_SECONDS if source == "auto" else None
        directory = fetch_official(module, model_name, engines[0], timeout_s=limit)
    except OfficialWeightsUnreachableError as unreachable:
        if source == "official":
            raise
        try:
            substitute = _starter(module, model_name)
        except StarterWeightsMissingError as missing:
            raise missing from unreachable
        if allow_download:
            substituted.setdefault(unreachable.reason, []).append(model_name)
        return substitute
    return ModelWeights(module, model_name, directory, "official", (engines[0],))


def _starter(module: str, model_name: str) -> ModelWeights:
    directory = starter_model_dir(model_name)
    engines = check_model_dir(directory, module=module, model_name=model_name)
    return ModelWeights(module, model_name, directory, "starter", engines)

"""OCR engines behind one interface, each at the settings its documentation recommends for Korean.

=====================  ================================================================================
``starter``            this workbench with the starter weights
``official``           this workbench with PaddleOCR's official weights
``rapidocr``           RapidOCR's own pipeline (https://rapidai.github.io/RapidOCRDocs/), its Korean model
``rapidocr+starter``   the same pipeline with the starter's recognition
``tesseract``          Tesseract with ``kor`` (https://tesseract-ocr.github.io/tessdoc/)
=====================  ================================================================================
"""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from ocr_helpers.device import cpu_thread_count
from ocr_helpers.engines.reading import EngineMissingError, ImageBGR, PageReading, Reader, peak_bytes
from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "ENGINES",
    "UnknownEngineNameError",
    "check_engine",
    "load_reader",
]


class UnknownEngineNameError(OcrHelpersError, ValueError):
    """No engine is called that."""


class _OwnProcess:
    note = ""

    def peak_bytes(self) -> int | None:
        return peak_bytes()


class _Workbench(_OwnProcess):
    def __init__(self, weights: str, allow_download: bool) -> None:
        from ocr_helpers.loading import load_text_recognition
        from ocr_helpers.loading.pipeline import load_pipeline
        from ocr_helpers.models.names import MODULES
        from ocr_helpers.models.official import OfficialWeightsUnreachableError
        from ocr_helpers.settings.pipeline import PipelineSettings
        from ocr_helpers.stages import StagedPipeline
        from ocr_helpers.stages.line_reader import LineReader
        from ocr_helpers.weights import find_weights

        try:
            find_weights(weights, modules=MODULES, allow_download=allow_download)
        except OfficialWeightsUnreachableError as error:
            raise EngineMissingError(
                f"{error} Fetch them once, where a model hub can be reached: "
                'ocr_helpers.load_pipeline("official").'
            ) from error
        self._staged = StagedPipeline(load_pipeline(weights, device="cpu"))
        recognizer = load_text_recognition(weights, device="cpu")
        self._lines = LineReader(recognizer.paddlex_predictor)
        # Unwarping stays off: its boxes cannot be mapped back onto the page, so no overlap could be counted.
        self._settings = PipelineSettings(use_doc_orientation_classify=True)
        self.version = f"workbench, paddleocr {version('paddleocr')}"
        self.settings = f"{weights} weights; document orientation on, the rest PaddleOCR's defaults"

    def read_page(self, image_bgr: ImageBGR, dpi: float | None) -> PageReading:
        self._staged.forget()
        result = self._staged.run(image_bgr, self._settings)
        return PageReading(result.polys_on_original(), list(result["rec_texts"]))

    def read_lines(self, images_bgr: Sequence[ImageBGR]) -> list[str]:
        return [text for text, _ in self._lines.read(images_bgr)]


class _RapidOCR(_OwnProcess):
    def __init__(self, recognition: str, allow_download: bool) -> None:
        try:
            import rapidocr
        except ImportError as error:
            raise EngineMissingError(f"RapidOCR: {error}. `pip install rapidocr==3.10.0`.") from error
        self.version = f"rapidocr {version('rapidocr')}"
        # Everything else stays at its defaults, which are what its documentation recommends. Its classifier
        # turns upright Korean lines over (CER on the receipt 16 % with it, 0.6 % without), hence its switch.
        params: dict[str, Any] = {
            "Global.use_cls": False,
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": cpu_thread_count(),
        }
        if recognition == "starter":
            params |= _starter_recognition()
            self.settings = "PP-OCRv6_det_small (bundled), starter recognition; its defaults, use_cls off"
        elif allow_download or _RAPID_KOREAN_FILE in _rapid_files():
            params |= {
                "Rec.lang_type": rapidocr.LangRec.KOREAN,
                "Rec.ocr_version": rapidocr.OCRVersion.PPOCRV5,
                "Rec.model_type": rapidocr.ModelType.MOBILE,
            }
            self.settings = (
                "PP-OCRv6_det_small (bundled), korean_PP-OCRv5_rec_mobile; its defaults, use_cls off"
            )
        else:
            self.settings = "PP-OCRv6_det_small and PP-OCRv6_rec_small (bundled); its defaults, use_cls off"
            self.note = (
                "The bundled recognition has no Hangul among its 18,708 characters, and the Korean one "
                "(korean_PP-OCRv5_rec_mobile.onnx) is not here: compare_engines(..., "
                "allow_download=True) lets RapidOCR fetch it from modelscope.cn."
            )
        self._engine: Any = rapidocr.RapidOCR(params=params)

    def read_page(self, image_bgr: ImageBGR, dpi: float | None) -> PageReading:
        found = self._engine(image_bgr, use_det=True, use_cls=False, use_rec=True)
        if found.boxes is None:
            return PageReading(np.empty((0, 4, 2), np.float32), [])
        return PageReading(np.asarray(found.boxes, np.float32), list(found.txts))

    def read_lines(self, images_bgr: Sequence[ImageBGR]) -> list[str]:
        texts = []
        for image in images_bgr:
            found = self._engine(image, use_det=False, use_cls=False, use_rec=True)
            texts.append(" ".join(getattr(found, "txts", None) or ()))
        return texts


_RAPID_KOREAN_FILE = "korean_PP-OCRv5_rec_mobile.onnx"


def _rapid_files() -> set[str]:
    import rapidocr

    return {path.name for path in (Path(rapidocr.__file__).parent / "models").glob("*.onnx")}


def _starter_recognition() -> dict[str, Any]:
    import yaml

    from ocr_helpers.weights import find_weights

    found = find_weights("starter", modules=["text_recognition"], engine="onnxruntime")["text_recognition"]
    settings = yaml.safe_load((found.model_dir / "inference.yml").read_text(encoding="utf-8"))
    _scratch.append(TemporaryDirectory())  # RapidOCR takes the characters as a file, and reads it lazily
    dictionary = Path(_scratch[-1].name) / "dictionary.txt"
    characters = settings["PostProcess"]["character_dict"]
    dictionary.write_text("".join(f"{character}\n" for character in characters), encoding="utf-8")
    return {"Rec.model_path": str(found.model_dir / "inference.onnx"), "Rec.rec_keys_path": str(dictionary)}


_scratch: list[TemporaryDirectory[str]] = []


def _tesseract(_allow_download: bool) -> Reader:
    from ocr_helpers.engines.tesseract import TesseractReader

    return TesseractReader()


_LOADERS: Final[dict[str, Callable[[bool], Reader]]] = {
    "starter": lambda _: _Workbench("starter", False),
    "official": lambda allow_download: _Workbench("official", allow_download),
    "rapidocr": lambda allow_download: _RapidOCR("korean", allow_download),
    "rapidocr+starter": lambda _: _RapidOCR("starter", False),
    "tesseract": _tesseract,
}
ENGINES: Final = tuple(_LOADERS)


def check_engine(name: str) -> str:
    """The name, if there is an engine of that name.

    Raises:
        UnknownEngineNameError: there is none.

    """
    if name not in _LOADERS:
        raise UnknownEngineNameError(f"no engine is called {name!r}; choose from {', '.join(ENGINES)}.")
    return name


def load_reader(name: str, *, allow_download: bool = False) -> Reader:
    """Load an engine.

    Args:
        name: one of :data:`ENGINES`.
        allow_download: whether models that are not on this machine may be fetched.

    Raises:
        UnknownEngineNameError: another name.
        EngineMissingError: it is not installed, or cannot read Korean here.

    """
    return _LOADERS[check_engine(name)](allow_download)

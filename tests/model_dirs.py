"""Tiny model directories in PaddleOCR's layout: right in form, so that each check can be broken alone."""

import importlib.util
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import yaml

SHAPES: dict[str, tuple[int, ...]] = {"conv.b_0": (4,), "conv.w_0": (4, 3, 3, 3), "scale.w_0": (300,)}
DEFAULT_NAMES = {
    "doc_orientation": "PP-LCNet_x1_0_doc_ori",
    "unwarping": "UVDoc",
    "text_detection": "PP-OCRv5_mobile_det",
    "textline_orientation": "PP-LCNet_x1_0_textline_ori",
    "text_recognition": "korean_PP-OCRv5_mobile_rec",
}


def varint(value: int) -> bytes:
    """A protobuf varint."""
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        if not value:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def onnx_bytes(size: int = 500) -> bytes:
    """The outer shell of an ONNX model: version, producer, a graph of ``size`` bytes, operator set."""
    return b"\x08\x08" + field(2, b"test") + field(7, bytes(size)) + field(8, b"\x10\x11")


def graph_json(shapes: dict[str, tuple[int, ...]] = SHAPES) -> str:
    """A Paddle PIR graph that holds nothing but parameters."""
    operations: list[dict[str, Any]] = [
        {
            "#": "p",
            "A": [0, 1, 1, name],
            "O": {"%": 1, "TT": {"#": "0.t_dtensor", "D": [{}, list(shape), "NCHW"]}},
        }
        for name, shape in shapes.items()
    ]
    operations.append({"#": "1.data", "A": []})
    program = {"regions": [{"blocks": [{"ops": operations}]}]}
    return json.dumps({"base_code": {"magic": "pir"}, "program": program})


def pdiparams_bytes(shapes: dict[str, tuple[int, ...]] = SHAPES, data_type: int = 5) -> bytes:
    """Parameters of zeros, in Paddle's file format; ``data_type`` 5 is float32."""
    out = b""
    for _, shape in sorted(shapes.items()):
        description = b"\x08" + varint(data_type) + b"".join(b"\x10" + varint(size) for size in shape)
        count = 1
        for size in shape:
            count *= size
        out += struct.pack("<IQIi", 0, 0, 0, len(description)) + description + bytes(4 * count)
    return out


def config_of(module: str, model_name: str | None = None) -> dict[str, Any]:
    """A right ``inference.yml`` of a module, to be changed by a test."""
    normalize = {"mean": [0.5] * 3, "std": [0.5] * 3, "scale": "1./255.", "order": "hwc"}
    steps: dict[str, list[dict[str, Any]]] = {
        "text_detection": [
            {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
            {"DetResizeForTest": {"resize_long": 960}},
            {"NormalizeImage": normalize},
            {"ToCHWImage": None},
        ],
        "text_recognition": [
            {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
        ],
        "doc_orientation": [{"ResizeImage": {"resize_short": 256}}, {"NormalizeImage": normalize}],
        "textline_orientation": [{"ResizeImage": {"size": [160, 80]}}, {"NormalizeImage": normalize}],
    }
    post: dict[str, dict[str, Any]] = {
        "text_detection": {"name": "DBPostProcess", "thresh": 0.3},
        "text_recognition": {"name": "CTCLabelDecode", "character_dict": ["가", "나", "1"]},
        "doc_orientation": {"Topk": {"topk": 1, "label_list": ["0", "90", "180", "270"]}},
        "textline_orientation": {"Topk": {"topk": 1, "label_list": ["0_degree", "180_degree"]}},
    }
    config: dict[str, Any] = {"Global": {"model_name": model_name or DEFAULT_NAMES[module]}}
    if module in steps:
        config |= {"PreProcess": {"transform_ops": steps[module]}, "PostProcess": post[module]}
    return config


def write_model(
    directory: Path,
    module: str = "text_recognition",
    *,
    config: dict[str, Any] | str | None = None,
    engines: tuple[str, ...] = ("paddle", "onnxruntime"),
) -> Path:
    """Write a model directory that passes every check; ``config`` as text is written as it is."""
    directory.mkdir(parents=True, exist_ok=True)
    content = config_of(module) if config is None else config
    text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
    (directory / "inference.yml").write_text(text, encoding="utf-8")
    if "paddle" in engines:
        (directory / "inference.json").write_text(graph_json(), encoding="utf-8")
        (directory / "inference.pdiparams").write_bytes(pdiparams_bytes())
    if "onnxruntime" in engines:
        (directory / "inference.onnx").write_bytes(onnx_bytes())
    return directory


def write_official_graph(graphs: Path, model_name: str, directory: Path) -> Path:
    """An official graph with random weights: it loads and runs like the official one, and reads nothing."""
    spec = importlib.util.spec_from_file_location("random_weights", graphs.parent / "random_weights.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    directory.mkdir(parents=True)
    for path in (graphs / model_name).iterdir():
        shutil.copyfile(path, directory / path.name)
    module.write_weights(directory)
    return directory

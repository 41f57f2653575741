"""Write an orientation classifier in the forms PaddleOCR loads: ``python -m training.export_classifier``.

Both forms are the same layers over the same numbers: batch norms folded into their convolutions, the grey
input widened to the three channels PaddleX feeds, and a softmax at the end, which PaddleX takes scores from.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from torch import nn

from training import line_orientation, line_samples, orientation, page_samples
from training.batch_norms import fold
from training.classifier_graphs import Folded, onnx_model, save_paddle
from training.classifier_network import ClassifierNetwork
from training.classifier_training import Task, trained_network
from training.export_check import largest_difference
from training.export_recognition import write_checksums
from training.fonts import KEPT_OUT, face
from training.line_calibration import upright_bonus

STARTER_MODELS = Path("data/starter_models")
MOST_DIFFERENCE = 1e-4
Steps = list[dict[str, Any]]


@dataclass(frozen=True)
class Form:
    """One of the two models: PaddleX's name, how it is trained, what PaddleX does before and after it."""

    model_name: str
    task: Task
    labels: Sequence[str]
    size_wh: tuple[int, int]
    shrinking: Steps


DOCUMENT = Form(
    "PP-LCNet_x1_0_doc_ori",
    orientation.TASK,
    page_samples.LABELS,
    (page_samples.SIZE, page_samples.SIZE),
    # Pixels are averaged, not picked: small print survives shrinking to a third and less.
    [
        {"ResizeImage": {"resize_short": page_samples.SIZE, "interpolation": "AREA"}},
        {"CropImage": {"size": page_samples.SIZE}},
    ],
)
LINE = Form(
    "PP-LCNet_x1_0_textline_ori",
    line_orientation.TASK,
    line_samples.LABELS,
    line_samples.SIZE_WH,
    [{"ResizeImage": {"size": list(line_samples.SIZE_WH), "interpolation": "AREA"}}],
)
FORMS = {"orientation": DOCUMENT, "line_orientation": LINE}


def folded_weights(network: ClassifierNetwork, bonus: float = 0.0) -> Folded:
    """Every tensor of the exported graph by name; ``bonus`` is added to the logit of class 0."""
    weights: Folded = {}
    for number, layer in enumerate(network.blocks):
        assert isinstance(layer, nn.Sequential)
        weights[f"block{number}.weight"], weights[f"block{number}.bias"] = fold(layer[0], layer[1])
    weights["block0.weight"] = np.repeat(weights["block0.weight"] / 3, 3, axis=1)
    weights["head.weight"] = network.head.weight.detach().numpy().T.copy()
    weights["head.bias"] = network.head.bias.detach().numpy().copy()
    weights["head.bias"][0] += np.float32(bonus)
    return weights


def configuration(form: Form) -> dict[str, Any]:
    """What PaddleX reads beside the network: name, pre-processing (grey levels to -1…1), labels."""
    normal = {"channel_num": 3, "mean": [0.5] * 3, "order": "", "scale": 1 / 255, "std": [0.5] * 3}
    steps = [*form.shrinking, {"NormalizeImage": normal}, {"ToCHWImage": None}]
    return {
        "Global": {"model_name": form.model_name},
        "PreProcess": {"transform_ops": steps},
        "PostProcess": {"Topk": {"topk": 1, "label_list": list(form.labels)}},
    }


def export(network: ClassifierNetwork, form: Form, out: Path, bonus: float = 0.0) -> None:
    """Write the four files of the model into ``out`` (made where absent)."""
    weights = folded_weights(network, bonus)
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(weights, form.task.plan, form.model_name, form.size_wh), out / "inference.onnx")
    save_paddle(weights, form.task.plan, form.size_wh, out)
    text = yaml.safe_dump(configuration(form), allow_unicode=True, sort_keys=False)
    (out / "inference.yml").write_text(text, encoding="utf-8")


def check_agreement(network: ClassifierNetwork, form: Form, out: Path, bonus: float = 0.0) -> float:
    """Largest difference in probability between PyTorch, ONNX and Paddle on a batch of kept-out samples.

    Raises RuntimeError where it is above MOST_DIFFERENCE: then the files must not be used.
    """
    faces = [face(stem) for stem in KEPT_OUT.values()]
    samples = form.task.make(1, 0, faces, [1.0] * len(faces))
    difference = largest_difference(network, samples.images, out, bonus)
    if difference > MOST_DIFFERENCE:
        raise RuntimeError(f"{out}: probabilities of the exported forms differ by {difference:.2g}")
    return difference


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=list(FORMS))
    parser.add_argument(
        "checkpoint", type=Path, nargs="?", help="default: build/training/WHICH/checkpoint.pt"
    )
    parser.add_argument(
        "out", type=Path, nargs="?", help="default: the model's folder in data/starter_models"
    )
    args = parser.parse_args()
    form = FORMS[args.which]
    checkpoint = args.checkpoint or Path("build/training") / args.which / "checkpoint.pt"
    out = args.out or STARTER_MODELS / form.model_name
    network = trained_network(form.task.plan, len(form.labels), checkpoint)
    bonus = upright_bonus(network) if form is LINE else 0.0
    export(network, form, out, bonus)
    difference = check_agreement(network, form, out, bonus)
    write_checksums(out.parent)
    print(f"bonus of the upright logit {bonus:.2f}; the three forms differ by at most {difference:.1e}")
    for path in sorted(out.iterdir()):
        print(f"{path.name:<22}{path.stat().st_size / 1e6:6.2f} MB")


if __name__ == "__main__":
    main()

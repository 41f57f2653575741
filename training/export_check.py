"""Whether the exported forms of a classifier answer as the trained network does."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from training.classifier_training import as_input

Images = NDArray[np.float32]


def onnx_answer(folder: Path, images: Images) -> NDArray[np.float32]:
    """Probabilities (N, classes) of the ONNX form for images (N, 3, H, W)."""
    session = onnxruntime.InferenceSession(folder / "inference.onnx", providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": images})[0])


def paddle_answer(folder: Path, images: Images) -> NDArray[np.float32]:
    """Probabilities (N, classes) of the Paddle form for images (N, 3, H, W)."""
    from paddle import inference

    config = inference.Config(str(folder / "inference.json"), str(folder / "inference.pdiparams"))
    config.disable_gpu()
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    predictor.get_input_handle("x").copy_from_cpu(images)
    predictor.run()
    return np.asarray(predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu())


def largest_difference(network: nn.Module, grey: NDArray[np.uint8], folder: Path, bonus: float) -> float:
    """Largest difference in probability between PyTorch, ONNX and Paddle, taken by pairs.

    ``grey``: uint8 (N, H, W); ``bonus`` is what the export added to the logit of class 0.
    """
    images = as_input(grey)
    with torch.no_grad():
        logits = network(images)
    logits[:, 0] += bonus
    ours = torch.softmax(logits, dim=-1).numpy()
    wide = np.repeat(images.numpy(), 3, axis=1)
    answers = [ours, onnx_answer(folder, wide), paddle_answer(folder, wide)]
    return max(float(np.abs(a - b).max()) for k, a in enumerate(answers) for b in answers[:k])

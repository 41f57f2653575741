"""Write the trained unwarping network in the forms PaddleOCR loads: ``python -m training.export_unwarping``.

Both forms are the same steps over the same numbers. They take a page as PaddleX feeds it to UVDoc (BGR,
float32 0 … 1, (N, 3, H, W) of any size), shrink it, look up to three times, and sample the page itself along
the grid: a page of the same size, in the same colours. Where the grid would move nothing by ``--still`` of
the frame, it moves nothing at all.

At the end both are asked for some photos and compared with the trained network.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import yaml
from numpy.typing import NDArray

from training import fonts
from training.export_recognition import write_checksums
from training.restore_unwarping import restore
from training.unwarping_arrays import HALF_A_LEVEL, MODEL_NAME, STILL, fixed_arrays, learned_arrays
from training.unwarping_network import UnwarpingNetwork, unwarp
from training.unwarping_onnx import onnx_model
from training.unwarping_paddle import save_paddle
from training.warped_pages import make_chunk

CHECKED_HW = [(640, 448), (501, 370), (1033, 1410)]  # sizes of the pages compared


def load_network(source: Path) -> UnwarpingNetwork:
    """The averaged network of a checkpoint, or that of an exported ``inference.onnx``, ready to compute."""
    if source.suffix == ".onnx":
        return restore(source)
    state = torch.load(source, map_location="cpu", weights_only=True)["average"]
    network = UnwarpingNetwork()
    network.load_state_dict(
        {name.removeprefix("module."): value for name, value in state.items() if name.startswith("module.")}
    )
    return network.eval()


def onnx_answer(folder: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pages (N, 3, H, W) as the ONNX form flattens them."""
    session = onnxruntime.InferenceSession(folder / "inference.onnx", providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": images})[0])


def paddle_answer(folder: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pages (N, 3, H, W) as the Paddle form flattens them."""
    from paddle import inference

    config = inference.Config(str(folder / "inference.json"), str(folder / "inference.pdiparams"))
    config.disable_gpu()
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    predictor.get_input_handle("image").copy_from_cpu(images)
    predictor.run()
    return np.asarray(predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu())


def differences(
    network: UnwarpingNetwork, pages: torch.Tensor, folder: Path, still: float
) -> dict[str, NDArray[np.float32]]:
    """How far each form's answer lies from the network's, in levels of 255, by the form's name.

    ``pages``: float32 (N, 3, H, W), 0 … 1. Pages whose farthest place is moved by about ``still`` are left
    out: there rounding decides.
    """
    with torch.no_grad():
        ours, sooner, later = (unwarp(network, pages, still * share) for share in (1, 0.99, 1.01))
    sure = (sooner == later).all(dim=(1, 2, 3)).numpy()
    forms = {"onnx": onnx_answer, "paddle": paddle_answer}
    return {
        form: 255 * np.abs(answer(folder, pages.numpy()) - HALF_A_LEVEL - ours.numpy())[sure]
        for form, answer in forms.items()
    }


def check(network: UnwarpingNetwork, folder: Path, still: float) -> str:
    """``differences`` over photos, bent and flat, in families kept out of training, as a line of text."""
    photos = make_chunk(1, 0, dict.fromkeys(fonts.KEPT_OUT.values(), 1.0), page_count=1)
    grey = torch.from_numpy(np.stack([photo.image for photo in photos]))[:, None].float() / 255
    colours = torch.tensor([1.0, 0.8, 0.6])[:, None, None]  # no two channels alike
    parts = []
    for size in CHECKED_HW:
        pages = torch.nn.functional.interpolate(grey, size, mode="bilinear", antialias=True) * colours
        for form, off in differences(network, pages, folder, still).items():
            parts.append(f"{form} {size} off by {off.mean():.5f} levels, {off.max():.2f} at most")
    return "; ".join(parts)


def export(source: Path, out: Path, still: float) -> None:
    """Write all four files of the model and the checksums of the folder above."""
    network = load_network(source)
    learned, fixed = learned_arrays(network), fixed_arrays(network)
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(learned, fixed, still), out / "inference.onnx")
    save_paddle(learned, fixed, out, still)
    configuration = {"Global": {"model_name": MODEL_NAME}}
    (out / "inference.yml").write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    write_checksums(out.parent)
    for path in sorted(out.iterdir()):
        print(f"{path.name:<22}{path.stat().st_size / 1e6:6.2f} MB")
    print(check(network, out, still))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source",
        type=Path,
        nargs="?",
        default=Path("build/training/unwarping/checkpoint.pt"),
        help="a checkpoint, or an inference.onnx to write anew (default %(default)s)",
    )
    parser.add_argument("--out", type=Path, default=Path("data/starter_models") / MODEL_NAME)
    parser.add_argument("--still", type=float, default=STILL, help="default %(default)s")
    args = parser.parse_args()
    export(args.source, args.out, args.still)


if __name__ == "__main__":
    main()

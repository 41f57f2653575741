"""The starter recogniser taken up again for more training; without PyTorch there is nothing here to test."""

import importlib.util

import numpy as np

from ocr_helpers.models.starter import starter_model_dir

if importlib.util.find_spec("torch") is not None:

    def test_the_starter_recogniser_is_taken_up_again_as_it_was() -> None:
        torch = importlib.import_module("torch")
        onnxruntime = importlib.import_module("onnxruntime")

        from training.recognition_network import RecognitionNetwork
        from training.restore_recognition import restore

        exported = starter_model_dir("korean_PP-OCRv5_mobile_rec") / "inference.onnx"
        session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
        lines = np.random.default_rng(0).uniform(-1, 1, (4, 1, 48, 320)).astype(np.float32)
        (wanted,) = session.run(None, {session.get_inputs()[0].name: lines.repeat(3, axis=1)})
        network = RecognitionNetwork(wanted.shape[2])
        restore(network, exported, torch.from_numpy(lines))
        assert network.training
        with torch.no_grad():
            found = network.eval()(torch.from_numpy(lines)).softmax(-1).numpy()
            live = network.train()(torch.from_numpy(lines)).softmax(-1).numpy()
        assert np.allclose(found, wanted, atol=1e-4)
        assert np.allclose(live, wanted, atol=2e-2), "batch norms see what they were given to learn from"

"""How far the line-orientation classifier must lean towards upright."""

import numpy as np
from torch import nn

from training import fonts
from training.classifier_training import SampleStream, logits_of
from training.line_samples import make_samples

WRONG_TURNS = 0.001  # share of upright lines that may be called upside down; a third of what is promised
SEED = 77  # lines that training never saw, of the families it trained on
BATCHES = 160


def upright_bonus(network: nn.Module, batches: int = BATCHES) -> float:
    """The smallest number, at least 0, that added to the upright logit keeps to WRONG_TURNS."""
    stream = SampleStream(make_samples, SEED, 0, fonts.TRAINING)
    made = [batch for batch, _ in zip(stream, range(batches), strict=False)]
    logits, labels = logits_of(network.eval(), made, "cpu")
    upright = logits[labels == 0]
    return max(0.0, float(np.quantile(upright[:, 1] - upright[:, 0], 1 - WRONG_TURNS)))

"""The starter recogniser: convolutions that fold 48 pixels of height into one step per 4 pixels of width."""

from typing import cast

from torch import Tensor, nn

STEP = 4  # pixels of width per output step: narrow enough for "ll", which CTC must part with a blank
TRUNK = [(32, (2, 2)), (64, (2, 2)), (128, (2, 1)), (192, (1, 1)), (256, (2, 2))]
WIDTH, HEAD = 256, 192


def convolution(
    inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1)
) -> nn.Sequential:
    """Convolution, batch norm, ReLU; keeps the size but for its stride."""
    padding = (kernel[0] // 2, kernel[1] // 2)
    layers = (
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
    return nn.Sequential(*layers)


class RecognitionNetwork(nn.Module):
    """Grey lines (N, 1, 48, W) in -1…1 → logits (N, 2 * ceil(W / 8), classes); class 0 is CTC's blank."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        trunk: list[nn.Module] = []
        channels = 1
        for outputs, stride in TRUNK:
            trunk.append(convolution(channels, outputs, (3, 3), stride))
            channels = outputs
        self.trunk = nn.Sequential(*trunk)
        fold = nn.Conv2d(WIDTH, WIDTH, (3, 1), bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU()
        self.fold = nn.Sequential(*fold)
        self.context = nn.ModuleList(convolution(WIDTH, WIDTH, (1, 5)) for _ in range(4))
        self.split = nn.Conv2d(WIDTH, 2 * HEAD, 1)
        self.head = nn.Linear(HEAD, classes)

    def forward(self, lines: Tensor) -> Tensor:
        """Logits before the softmax."""
        features = self.fold(self.trunk(lines))
        for block in self.context:
            features = features + block(features)
        steps = self.split(features).squeeze(2).transpose(1, 2)
        return cast(Tensor, self.head(steps.reshape(len(steps), -1, HEAD)))


def decode(logits: Tensor, dictionary: list[str]) -> list[str]:
    """The likeliest class of each step, repeats and blanks removed; as PaddleX's CTCLabelDecode does it."""
    characters = ["", *dictionary, " "]
    texts = []
    for row in logits.argmax(-1).tolist():
        kept = [c for c, before in zip(row, [0, *row], strict=False) if c and c != before]
        texts.append("".join(characters[c] for c in kept))
    return texts

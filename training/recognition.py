"""Train the starter recogniser on synthetic lines: ``python -m training.recognition``.

Stops and goes on: the newest checkpoint is taken up again, and the n-th chunk of lines is the same in every
run. The learning rate rises, holds, and falls over the last part, so a run can be shortened or lengthened by
``--steps`` at any time before that part begins.

On a CPU glibc's malloc hands the large buffers of every step back to the kernel, which costs half the speed:
``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 GLIBC_TUNABLES=glibc.malloc.hugetlb=1`` avoids it.
"""

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm

from benchmarks.scores import edit_distance
from training import corpus, fonts
from training.alphabet import dictionary
from training.lines import HEIGHT, Line, make_line
from training.recognition_network import STEP, RecognitionNetwork, decode
from training.restore_recognition import restore

CHUNK = 640  # lines made together, then sorted by width so that a batch pads little
BATCH_COLUMNS = 20_000  # pixels of width in a batch
ALIGNED = 0.22  # share of the training that learns from known positions, before CTC
FALLING = 0.4  # share of the training over which the learning rate falls to zero
Batch = tuple[Tensor, Tensor, Tensor, list[str]]


def spell(text: str, classes: dict[str, int]) -> list[int]:
    """Class numbers of a text."""
    return [classes[character] for character in text]


def aligned_target(line: Line, steps: int, classes: dict[str, int]) -> list[int]:
    """A class per step: each character in the middle half of its span, blank between."""
    target = [0] * steps
    for character, (first, last) in zip(line.text, line.spans, strict=True):
        quarter = (last - first) / 4
        begin = int((first + quarter) / STEP)
        for step in range(max(0, begin), min(steps, max(begin + 1, int((last - quarter) / STEP)))):
            target[step] = classes[character]
    return target


def collate(lines: list[Line], classes: dict[str, int]) -> Batch:
    """Images (N, 1, 48, W) in -1…1 padded with 0 as PaddleX pads; targets per step, and per text."""
    width = -(-max(line.image.shape[1] for line in lines) // 8) * 8
    images = np.zeros((len(lines), 1, HEIGHT, width), np.float32)
    aligned = np.zeros((len(lines), width // STEP), np.int64)
    for row, line in enumerate(lines):
        images[row, 0, :, : line.image.shape[1]] = line.image / np.float32(127.5) - 1
        aligned[row] = aligned_target(line, width // STEP, classes)
    texts = [line.text for line in lines]
    spelled = torch.tensor([number for text in texts for number in spell(text, classes)])
    return torch.from_numpy(images), torch.from_numpy(aligned), spelled, texts


class LineStream(IterableDataset[Batch]):
    """Batches without end; chunk n is made from seed (seed, n), whoever makes it."""

    def __init__(self, seed: int, first_chunk: int, stems: dict[str, float]) -> None:
        self.seed, self.first_chunk, self.stems = seed, first_chunk, stems

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(0)
        worker = get_worker_info()
        step, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        classes = {character: number for number, character in enumerate(["", *dictionary(), " "])}
        chunk = self.first_chunk + offset
        while True:
            rng = random.Random(self.seed * 1_000_003 + chunk)
            yield from (collate(batch, classes) for batch in self.batches(rng, chunk))
            chunk += step

    def batches(self, rng: random.Random, chunk: int) -> list[list[Line]]:
        """One chunk of lines in batches of about equal pixels, in no order."""
        noise = np.random.default_rng([self.seed, chunk])
        faces, weights = [fonts.face(stem) for stem in self.stems], list(self.stems.values())
        lines = [
            make_line(corpus.line_text(rng), rng.choices(faces, weights)[0], rng, noise) for _ in range(CHUNK)
        ]
        lines.sort(key=lambda line: line.image.shape[1])
        batches: list[list[Line]] = [[]]
        for line in lines:
            if line.image.shape[1] * (len(batches[-1]) + 1) > BATCH_COLUMNS:
                batches.append([])
            batches[-1].append(line)
        rng.shuffle(batches)
        return [batch for batch in batches if batch]


def loss_of(logits: Tensor, batch: Batch, aligned: bool) -> Tensor:
    """Cross-entropy on known positions, or CTC."""
    _, target, spelled, texts = batch
    if aligned:
        return nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten().to(logits.device))
    log_probabilities = logits.log_softmax(-1).transpose(0, 1)
    lengths = torch.tensor([len(text) for text in texts])
    steps = torch.full((len(texts),), logits.shape[1])
    return nn.functional.ctc_loss(
        log_probabilities, spelled, steps, lengths, zero_infinity=True, reduction="sum"
    ) / len(spelled)


def rate(step: int, steps: int) -> float:
    """Share of the peak learning rate: a short rise, a plateau, a fall to zero."""
    left = (steps - step) / (FALLING * steps)
    return max(0.0, min(1.0, step / 200 + 0.02, left))


def evaluate(network: RecognitionNetwork, batches: list[Batch], device: str) -> str:
    """Exact lines and CER on lines of the families kept out."""
    network.eval()
    exact = wrong = characters = count = 0
    with torch.no_grad():
        for images, _, _, texts in batches:
            for read, text in zip(decode(network(images.to(device)), dictionary()), texts, strict=True):
                exact += read == text
                wrong += edit_distance(read, text)
                characters += len(text)
                count += 1
    network.train()
    return f"exact {exact / count:.1%}  CER {wrong / characters:.2%}"


def train(args: argparse.Namespace) -> None:
    """Train, evaluate and save until ``args.steps`` steps are done."""
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    saved = args.out / "checkpoint.pt"
    network = RecognitionNetwork(len(dictionary()) + 2).to(args.device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=0.02, fused=True)
    start = 0
    if args.start and not saved.is_file():
        calibration = next(iter(LineStream(args.seed + 2, 0, fonts.TRAINING)))[0]
        restore(network, args.start, calibration.to(args.device))
        average.module.load_state_dict(network.state_dict())
    if saved.is_file():
        state = torch.load(saved, map_location=args.device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    kept_out = dict.fromkeys(fonts.KEPT_OUT.values(), 1.0)
    held = LineStream(args.seed + 1, 0, kept_out)
    held_batches = [batch for _, batch in zip(range(24), held, strict=False)]
    batches_per_chunk = (
        CHUNK * 345 // BATCH_COLUMNS
    )  # a resumed run starts near, not at, the chunk it stopped in
    stream = LineStream(args.seed, start // batches_per_chunk + (1 if start else 0), fonts.TRAINING)
    loader = DataLoader(stream, batch_size=None, num_workers=args.workers, prefetch_factor=12)
    began, running = time.monotonic(), 0.0
    with tqdm(total=args.steps, initial=start, unit="step", mininterval=10) as bar:
        for step, batch in enumerate(loader, start):
            if step >= args.steps:
                break
            for group in optimizer.param_groups:
                group["lr"] = args.rate * rate(step, args.steps)
            with torch.autocast(args.device, torch.bfloat16):
                logits = network(batch[0].to(args.device, memory_format=torch.channels_last))
            loss = loss_of(logits.float(), batch, aligned=not args.start and step < ALIGNED * args.steps)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            average.update_parameters(network)
            running = 0.98 * running + 0.02 * loss.item() if step > start else loss.item()
            bar.update()
            bar.set_postfix(loss=f"{running:.3f}", refresh=False)
            if (step + 1) % args.every == 0 or step + 1 == args.steps:
                minutes = (time.monotonic() - began) / 60
                figures = evaluate(average.module, held_batches, args.device)
                bar.write(f"step {step + 1}  {minutes:.1f} min  loss {running:.4f}  {figures}")
                state = {
                    "network": network.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                }
                torch.save(state, saved.with_suffix(".new"))
                saved.with_suffix(".new").replace(saved)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--steps", type=int, default=12_000, help="batches of about 58 lines (default %(default)s)"
    )
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate (default %(default)s)")
    parser.add_argument("--start", type=Path, help="an inference.onnx to go on from; CTC from the first step")
    parser.add_argument("--every", type=int, default=400, help="steps between evaluations and checkpoints")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that make lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/training/recognition"))
    train(parser.parse_args())


if __name__ == "__main__":
    main()

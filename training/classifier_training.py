"""The training loop that both orientation classifiers share; see training/orientation.py for the commands.

Stops and goes on: the newest checkpoint is taken up again, and the n-th batch is the same in every run. On a
CPU glibc's malloc hands the large buffers of every step back to the kernel, which costs half the speed:
``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 GLIBC_TUNABLES=glibc.malloc.hugetlb=1`` avoids it.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm

from training import fonts
from training.classifier_network import ClassifierNetwork
from training.classifier_plan import Plan
from training.classifier_samples import UNKNOWN, MakeSamples

FALLING = 0.5  # share of the training over which the learning rate falls to zero
Batch = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Task:
    """What is learnt, on which samples, and what an error on each class costs."""

    plan: Plan
    make: MakeSamples
    class_weights: tuple[float, ...]


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """Grey images uint8 (N, H, W) as the network takes them: float (N, 1, H, W) in -1…1."""
    return torch.from_numpy(images)[:, None].float() / 127.5 - 1


class SampleStream(IterableDataset[Batch]):
    """Batches without end; batch n is made from (seed, n), whoever makes it."""

    def __init__(self, make: MakeSamples, seed: int, first: int, stems: dict[str, float]) -> None:
        self.make, self.seed, self.first, self.stems = make, seed, first, stems

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(0)
        worker = get_worker_info()
        step, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        faces, weights = [fonts.face(stem) for stem in self.stems], list(self.stems.values())
        number = self.first + offset
        while True:
            made = self.make(self.seed, number, faces, weights)
            yield as_input(made.images), torch.from_numpy(made.labels), torch.from_numpy(made.counted)
            number += step


def rate(step: int, steps: int) -> float:
    """Share of the peak learning rate: a short rise, a plateau, a fall to zero."""
    return max(0.0, min(1.0, step / 100 + 0.02, (steps - step) / (FALLING * steps)))


def logits_of(
    network: nn.Module, batches: Sequence[Batch], device: str
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits (N, classes) and labels (N,) of the samples that count."""
    network.eval()
    with torch.no_grad():
        found = [network(images.to(device)).float().cpu() for images, _, _ in batches]
    logits, labels, counted = torch.cat(found), *(torch.cat([b[k] for b in batches]) for k in (1, 2))
    kept = counted & (labels != UNKNOWN)
    return logits[kept].numpy(), labels[kept].numpy()


def evaluate(network: nn.Module, batches: Sequence[Batch], device: str) -> str:
    """Right answers, overall and for each class, on samples of the families kept out."""
    logits, labels = logits_of(network, batches, device)
    right = logits.argmax(axis=1) == labels
    each = "  ".join(f"{k}: {right[labels == k].mean():.2%}" for k in range(logits.shape[1]))
    return f"right {right.mean():.2%}  by class {each}"


def train(task: Task, args: argparse.Namespace) -> None:
    """Train, evaluate and save until ``args.steps`` steps are done."""
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    saved = args.out / "checkpoint.pt"
    network = ClassifierNetwork(task.plan, len(task.class_weights))
    network = network.to(args.device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=0.02)
    start = 0
    if saved.is_file():
        state = torch.load(saved, map_location=args.device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    kept_out = SampleStream(task.make, args.seed + 1, 0, dict.fromkeys(fonts.KEPT_OUT.values(), 1.0))
    held = [batch for batch, _ in zip(kept_out, range(args.held), strict=False)]
    stream = SampleStream(task.make, args.seed, start, fonts.TRAINING)
    loader = DataLoader(stream, batch_size=None, num_workers=args.workers, prefetch_factor=12)
    criterion = nn.CrossEntropyLoss(
        torch.tensor(task.class_weights, device=args.device), ignore_index=UNKNOWN
    )
    began, running = time.monotonic(), 0.0
    with tqdm(total=args.steps, initial=start, unit="step", mininterval=10) as bar:
        for step, (images, labels, _) in enumerate(loader, start):
            if step >= args.steps:
                break
            for group in optimizer.param_groups:
                group["lr"] = args.rate * rate(step, args.steps)
            with torch.autocast(args.device, torch.bfloat16):
                logits = network(images.to(args.device, memory_format=torch.channels_last))
            loss = criterion(logits.float(), labels.to(args.device))
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
                figures = evaluate(average.module, held, args.device)
                bar.write(f"step {step + 1}  {minutes:.1f} min  loss {running:.4f}  {figures}")
                state = {
                    "network": network.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                }
                torch.save(state, saved.with_suffix(".new"))
                saved.with_suffix(".new").replace(saved)


def trained_network(plan: Plan, classes: int, checkpoint: Path) -> ClassifierNetwork:
    """The averaged network of a checkpoint, ready to evaluate."""
    network = ClassifierNetwork(plan, classes)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    network.load_state_dict(
        {k.removeprefix("module."): v for k, v in state.items() if k.startswith("module.")}
    )
    return network.eval()


def arguments(description: str | None, steps: int, out: str) -> argparse.Namespace:
    """The command line of a classifier's training."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=steps, help="batches (default %(default)s)")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate (default %(default)s)")
    parser.add_argument("--every", type=int, default=400, help="steps between evaluations and checkpoints")
    parser.add_argument("--held", type=int, default=16, help="kept-out batches in an evaluation")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that make samples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(out))
    return parser.parse_args()

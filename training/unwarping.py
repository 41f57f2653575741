"""Train the starter unwarping network on synthetic photos of bent pages: ``python -m training.unwarping``.

Stops and goes on: the newest checkpoint is taken up again, and the n-th chunk of photos is the same in every
run. The learning rate rises, holds, and falls over the last part, so a run can be shortened or lengthened by
``--steps`` at any time before that part begins.

On a CPU glibc's malloc hands the large buffers of every step back to the kernel, which costs half the speed:
``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456
GLIBC_TUNABLES=glibc.malloc.hugetlb=1`` avoids it.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm

from training import fonts
from training.unwarping_network import UnwarpingNetwork
from training.warped_pages import GRID_HW, PAGES, PHOTOS, WarpedPage, make_chunk
from training.warps import regular

BATCH = 16
FALLING = 0.4  # share of the training over which the learning rate falls to zero
SECOND_LOOK = 0.5  # share of the training after which half of each batch is looked at twice
STRAIGHTNESS = 2.0  # weight of the error between neighbouring places: it is what bends a line
Batch = tuple[Tensor, Tensor, Tensor]


def collate(photos: list[WarpedPage]) -> Batch:
    """Images (N, 1, *PAGE_HW) in 0 … 1; displacements (N, 2, *GRID_HW); which are flat (N,)."""
    images = np.stack([photo.image for photo in photos])[:, None].astype(np.float32) / 255
    identity = regular(GRID_HW, 0.0).astype(np.float32)
    moved = np.stack([photo.grid - identity for photo in photos]).transpose(0, 3, 1, 2)
    flat = torch.tensor([photo.flat for photo in photos])
    return torch.from_numpy(images), torch.from_numpy(np.ascontiguousarray(moved)), flat


class PhotoStream(IterableDataset[Batch]):
    """Batches without end; chunk n is made from seed (seed, n), whoever makes it."""

    def __init__(self, seed: int, first_chunk: int, stems: dict[str, float]) -> None:
        self.seed, self.first_chunk, self.stems = seed, first_chunk, stems

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(0)
        worker = get_worker_info()
        step, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        chunk = self.first_chunk + offset
        while True:
            photos = make_chunk(self.seed, chunk, self.stems)
            yield from (collate(photos[k : k + BATCH]) for k in range(0, len(photos), BATCH))
            chunk += step


def loss_of(displacement: Tensor, target: Tensor) -> Tensor:
    """Mean error of the places, and of the steps from each to the next, in percent of the frame."""
    wrong = displacement - target
    steps = (wrong.diff(dim=2).abs().mean(), wrong.diff(dim=3).abs().mean())
    return 100 * (wrong.abs().mean() + STRAIGHTNESS * sum(steps, torch.zeros((), device=wrong.device)))


def rate(step: int, steps: int) -> float:
    """Share of the peak learning rate: a short rise, a plateau, a fall to zero."""
    left = (steps - step) / (FALLING * steps)
    return max(0.0, min(1.0, step / 200 + 0.02, left))


def evaluate(network: UnwarpingNetwork, batches: list[Batch], device: str) -> str:
    """How much less the grid's places are displaced, and how far pages are moved, on kept-out families."""
    network.eval()
    before, left, looks, moved_flat, moved_bent = [], [], [], [], []
    with torch.no_grad():
        for images, target, flat in batches:
            first, both = (found.float().cpu() for found in network(images.to(device)))
            before.append(target[~flat].norm(dim=1).mean((1, 2)))
            looks.append((first - target)[~flat].norm(dim=1).mean((1, 2)))
            left.append((both - target)[~flat].norm(dim=1).mean((1, 2)))
            farthest = both.abs().amax((1, 2, 3))
            moved_flat.append(farthest[flat])
            moved_bent.append(farthest[~flat])
    network.train()
    start = torch.cat(before).mean()
    one, two = (1 - torch.cat(errors).mean() / start for errors in (looks, left))
    flats, bents = torch.cat(moved_flat), torch.cat(moved_bent)
    marks = [f"{share:.0%} {flats.quantile(share):.3f}" for share in (0.5, 0.9, 0.98)]
    low = bents.quantile(0.02)
    return (
        f"displacement less by {one:.1%}, after the second look {two:.1%}; "
        f"flat pages move by up to {', '.join(marks)}; 98% of bent ones by {low:.3f} or more"
    )


def train(args: argparse.Namespace) -> None:
    """Train, evaluate and save until ``args.steps`` steps are done."""
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    saved = args.out / "checkpoint.pt"
    network = UnwarpingNetwork().to(args.device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=0.02, fused=True)
    start = 0
    if saved.is_file():
        state = torch.load(saved, map_location=args.device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    kept_out = dict.fromkeys(fonts.KEPT_OUT.values(), 1.0)
    held = PhotoStream(args.seed + 1, 0, kept_out)
    held_batches = [batch for _, batch in zip(range(30), held, strict=False)]
    per_chunk = PAGES * PHOTOS // BATCH
    stream = PhotoStream(args.seed, -(-start // per_chunk), fonts.TRAINING)
    loader = DataLoader(stream, batch_size=None, num_workers=args.workers, prefetch_factor=24)
    began, running = time.monotonic(), 0.0
    with tqdm(total=args.steps, initial=start, unit="step", mininterval=10) as bar:
        for step, (images, target, _) in enumerate(loader, start):
            if step >= args.steps:
                break
            for group in optimizer.param_groups:
                group["lr"] = args.rate * rate(step, args.steps)
            target = target.to(args.device)
            with torch.autocast(args.device, torch.bfloat16):
                pages = images.to(args.device, memory_format=torch.channels_last)
                first = network.look(pages)
                half = len(pages) // 2 if step >= SECOND_LOOK * args.steps else 0
                both = network.second_look(pages[:half], first[:half]) if half else None
            loss = loss_of(first, target)
            if both is not None:
                loss = loss + loss_of(both.float(), target[:half])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 20.0)
            optimizer.step()
            average.update_parameters(network)
            error = loss.item() / (1 if both is None else 2)
            running = 0.98 * running + 0.02 * error if step > start else error
            bar.update()
            bar.set_postfix(loss=f"{running:.3f}", refresh=False)
            if (step + 1) % args.every == 0 or step + 1 == args.steps:
                minutes = (time.monotonic() - began) / 60
                figures = evaluate(average.module, held_batches, args.device)
                bar.write(f"step {step + 1}  {minutes:.1f} min  loss {running:.3f}  {figures}")
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
        "--steps", type=int, default=7000, help=f"batches of {BATCH} photos (default %(default)s)"
    )
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate (default %(default)s)")
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations and checkpoints")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that make photos")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/training/unwarping"))
    train(parser.parse_args())


if __name__ == "__main__":
    main()

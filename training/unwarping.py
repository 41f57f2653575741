"""Train the starter unwarping network on synthetic photos of bent pages: ``python -m training.unwarping``.

Stops and goes on: the newest checkpoint is taken up again, and the n-th chunk of photos is the same in every
run. The learning rate rises, holds, and falls over the last part, so a run can be shortened or lengthened by
``--steps`` at any time before that part begins.

Half of each batch are photos, for the first look; the other half are seen as the second look sees them,
straightened by corners that are wrong as the network of that moment finds them. So the second look learns to
mend what the first gets wrong, and is not left with noise that nobody makes.

On a CPU glibc's malloc hands the large buffers of every step back to the kernel, which costs half the speed:
``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456
GLIBC_TUNABLES=glibc.malloc.hugetlb=1`` avoids it.
"""

import argparse
import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from training import fonts
from training.batch_norms import live_norms
from training.restore_unwarping import restore
from training.unwarping_network import UnwarpingNetwork, corners_of, margin_view
from training.unwarping_photos import BATCH, BATCHES_PER_CHUNK, Batch, PhotoStream, batches
from training.unwarping_targets import (
    WEIGHTS,
    bending_error,
    bends_of,
    cells_view,
    dense_errors,
    dense_targets,
    mirrorings,
    mistaken,
    on_grid,
)
from training.warped_pages import make_chunk

FALLING = 0.4  # share of the training over which the learning rate falls to zero
HELD_CHUNKS = 3
NORM_BATCHES = 6  # from which a network that was exported learns what goes through its batch norms
# Each number of these heads is a sum over thousands; Adam moves every weight alike, so that sum would jump.
WIDE = {"corner_hidden", "column_strips", "row_strips", "bends_of_dense", "fit_first"}
WIDE_SHARE = 0.1  # of the learning rate


def rate(step: int, steps: int) -> float:
    """Share of the peak learning rate: a short rise, a plateau, a fall to zero."""
    return max(0.0, min(1.0, (step + 5) / 100, (steps - step) / (FALLING * steps)))


def make_optimizer(network: UnwarpingNetwork, peak: float) -> torch.optim.AdamW:
    """AdamW with WIDE_SHARE of the rate for the WIDE heads; each group's ``share`` says its part."""
    named = list(network.named_parameters())
    groups: list[dict[str, Any]] = [
        {"params": [p for name, p in named if (name.split(".")[0] in WIDE) == wide], "share": share}
        for wide, share in ((False, 1.0), (True, WIDE_SHARE))
    ]
    return torch.optim.AdamW(groups, lr=peak, weight_decay=0.02, fused=True)


def find_losses(network: UnwarpingNetwork, batch: Batch, device: str, random: torch.Generator) -> Tensor:
    """The losses of one batch, its second half seen by the second look."""
    images, displacement, page_places, _ = (field.to(device) for field in batch)
    images, half = images.float() / 255, len(images) // 2
    right = corners_of(displacement)
    network.eval()
    with torch.no_grad(), torch.autocast(device, torch.bfloat16):
        features, dense = network.look(images[half:].to(memory_format=torch.channels_last))
        found = network.corners(features, dense)
    network.train()
    taken = mistaken(right[half:], found, random)
    pages = torch.cat([images[:half], margin_view(images[half:], taken)])
    page_places = torch.cat([page_places[:half], cells_view(page_places[half:], taken)])
    with torch.autocast(device, torch.bfloat16):
        features, dense = network.look(pages.to(memory_format=torch.channels_last))
        corners = network.corners(features[:half], dense[:half])
        bends = network.bends(features[half:], dense[half:])
        whole = network.fitted(mirrorings(network.together(taken, bends)))
    errors = [
        100 * on_grid(corners - right[:half]).abs().mean(),
        bending_error(bends - bends_of(displacement[half:], taken)),
        bending_error(whole - mirrorings(displacement[half:])),
    ]
    return torch.stack(errors + dense_errors(dense.float(), page_places))


def evaluate(network: UnwarpingNetwork, held: list[Batch], device: str) -> str:
    """How much less the grid's places are displaced, and how far pages are moved, on kept-out families."""
    network.eval()
    found: list[list[Tensor]] = []
    with torch.no_grad():
        for batch in held:
            answers = network(batch.images.to(device).float() / 255)
            found.append([answer.float().cpu() for answer in answers])
    network.train()
    displacement, corners, dense = (torch.cat(parts) for parts in zip(*found, strict=True))
    right, page_places, flat = (torch.cat(parts) for parts in list(zip(*held, strict=True))[1:])
    farthest, bent = displacement.abs().amax((1, 2, 3)), ~flat
    before = right[bent]

    def size(planes: Tensor) -> float:
        return planes.norm(dim=1).mean().item()

    def curved(planes: Tensor) -> float:
        return size(planes - on_grid(corners_of(planes)))

    one, both = (found[bent] - before for found in (on_grid(corners), displacement))
    on_page = dense_targets(page_places[bent])[0]
    mask = ((dense[bent, 0] > 0) == (on_page > 0.5)).float().mean()
    level, seen = (dense_errors(cells, page_places[bent]) for cells in (0 * dense[bent], dense[bent]))
    moved = [f"{share:.0%} {farthest[flat].quantile(share):.4f}" for share in (0.5, 0.9, 0.98)]
    return (
        f"displacement less by {1 - size(one) / size(before):.1%} after the first look, "
        f"{1 - size(both) / size(before):.1%} after both; not bilinear {curved(before):.4f} → "
        f"{curved(both):.4f}; mask {mask:.1%} right; slopes wrong by {level[1]:.4f} → "
        f"{seen[1]:.4f}, stretch by {level[2]:.4f} → {seen[2]:.4f}; "
        f"flat pages move by up to {', '.join(moved)}; "
        f"98% of bent ones by {farthest[bent].quantile(0.02):.4f} or more"
    )


def train(args: argparse.Namespace) -> None:
    """Train, evaluate and save until ``args.steps`` steps are done."""
    torch.manual_seed(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    saved = args.out / "checkpoint.pt"
    network = UnwarpingNetwork().to(args.device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimizer = make_optimizer(network, args.rate)
    start = 0
    if args.start and not saved.is_file():
        network.load_state_dict(restore(args.start).state_dict())
        photos = make_chunk(args.seed, 0, fonts.TRAINING)
        pages = (batch.images.to(args.device).float() / 255 for batch in batches(photos))
        live_norms(network.eval(), islice(pages, NORM_BATCHES))
        average.module.load_state_dict(network.train().state_dict())
    if saved.is_file():
        state = torch.load(saved, map_location=args.device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    kept_out = dict.fromkeys(fonts.KEPT_OUT.values(), 1.0)
    chunks = (make_chunk(args.seed + 1, number, kept_out) for number in range(HELD_CHUNKS))
    held = [batch for photos in chunks for batch in batches(photos)]
    random = torch.Generator().manual_seed(args.seed * 1_000_003 + start)
    stream = PhotoStream(args.seed, -(-start // BATCHES_PER_CHUNK), fonts.TRAINING)
    loader = DataLoader(stream, batch_size=None, num_workers=args.workers, prefetch_factor=64)
    began, running, weights = (
        time.monotonic(),
        torch.zeros(len(WEIGHTS)),
        torch.tensor(list(WEIGHTS.values())),
    )
    with tqdm(total=args.steps, initial=start, unit="step", mininterval=10) as bar:
        for step, batch in enumerate(islice(loader, max(0, args.steps - start)), start):
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * args.rate * rate(step, args.steps)
            errors = find_losses(network, batch, args.device, random)
            optimizer.zero_grad()
            (errors @ weights.to(args.device)).backward()
            optimizer.step()
            average.update_parameters(network)
            now = errors.detach().cpu()
            running = 0.98 * running + 0.02 * now if step > start else now
            bar.update()
            described = [f"{name} {error:.3f}" for name, error in zip(WEIGHTS, running, strict=True)]
            bar.set_postfix_str(" ".join(described), refresh=False)
            if (step + 1) % args.every == 0 or step + 1 == args.steps:
                minutes = (time.monotonic() - began) / 60
                figures = evaluate(average.module, held, args.device)
                bar.write(f"step {step + 1}  {minutes:.1f} min  {', '.join(described)}  {figures}")
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
        "--steps", type=int, default=41_300, help=f"batches of {BATCH} photos (default %(default)s)"
    )
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate (default %(default)s)")
    parser.add_argument("--start", type=Path, help="an inference.onnx to go on from")
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations and checkpoints")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="of the CPU; 0 (default): as torch chooses")
    parser.add_argument("--workers", type=int, default=1, help="processes that make photos")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/training/unwarping"))
    train(parser.parse_args())


if __name__ == "__main__":
    main()

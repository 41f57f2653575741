"""Tables and targets of the recognition benchmark, from what each engine read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.recognition_lines import QUALITIES, BenchmarkLine
from benchmarks.recognition_texts import KINDS
from benchmarks.scores import Tally, edit_distance, fold_twins, tally

TESSERACT = "tesseract"


@dataclass(frozen=True)
class Reading:
    """What one engine read: a text per line, in the order of the lines, and how many lines a second."""

    engine: str
    texts: tuple[str, ...]
    lines_per_second: float


@dataclass(frozen=True)
class Target:
    """A claim to check: ``measured`` says what came out; ``reached`` is None where nothing could."""

    claim: str
    measured: str
    reached: bool | None


# Kind, quality, figure, limit: what the starter weights were trained to reach.
_LIMITS: tuple[tuple[str, str, str, float], ...] = (
    ("sentences", "clean", "exact", 0.90),
    ("sentences", "degraded", "exact", 0.80),
    ("mixed", "clean", "exact", 0.75),
    ("mixed", "degraded", "exact", 0.60),
    ("syllables", "clean", "cer", 0.03),
)


def tallies(
    lines: Sequence[BenchmarkLine], texts: Sequence[str], key: Callable[[BenchmarkLine], tuple[str, ...]]
) -> dict[tuple[str, ...], Tally]:
    """One tally per key; kinds in their usual order, families by name."""
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for line, read in zip(lines, texts, strict=True):
        groups.setdefault(key(line), []).append((line.text, read))
    rank = {kind: number for number, kind in enumerate(KINDS)}
    ordered = sorted(groups, key=lambda group: (rank.get(group[0], -1), group))
    return {group: tally(groups[group]) for group in ordered}


def by_cell(line: BenchmarkLine) -> tuple[str, ...]:
    """Key for :func:`tallies`: kind and quality."""
    return line.kind, line.quality


def by_family(line: BenchmarkLine) -> tuple[str, ...]:
    """Key for :func:`tallies`: font family and quality."""
    return line.family, line.quality


def targets(
    ours: Mapping[tuple[str, ...], Tally], theirs: Mapping[tuple[str, ...], Tally] | None
) -> list[Target]:
    """The limits, then "above Tesseract" in exact lines and CER for each kind and quality."""
    found = []
    for kind, quality, figure, limit in _LIMITS:
        tally_here = ours.get((kind, quality))
        sign = "≥" if figure == "exact" else "≤"
        claim = f"{kind}, {quality}: {'exact lines' if figure == 'exact' else 'CER'} {sign} {limit:.0%}"
        if tally_here is None:
            found.append(Target(claim, "no such lines", None))
        elif figure == "exact":
            found.append(Target(claim, f"{tally_here.exact_share:.1%}", tally_here.exact_share >= limit))
        else:
            found.append(Target(claim, f"{tally_here.cer:.2%}", tally_here.cer <= limit))
    for cell, mine in ours.items():
        claim = f"{', '.join(cell)}: above Tesseract in exact lines and CER"
        if theirs is None:
            found.append(Target(claim, "Tesseract not measured", None))
            continue
        other = theirs[cell]
        measured = (
            f"{mine.exact_share:.1%} to {other.exact_share:.1%} exact, CER {mine.cer:.2%} to {other.cer:.2%}"
        )
        reached = mine.exact_share > other.exact_share and mine.cer < other.cer
        found.append(Target(claim, measured, reached))
    return found


def table(title: str, columns: Mapping[str, Mapping[tuple[str, ...], Tally]]) -> str:
    """Groups as rows; for each engine the share of exact lines and the CER."""
    first = next(iter(columns.values()))
    wide = max(len("  ".join(group)) for group in first) + 2
    head = f"{title:<{wide}}{'lines':>6}" + "".join(f"  {name + ' exact':>17}{'CER':>9}" for name in columns)
    rows = [head, "-" * len(head)]
    for group, counted in first.items():
        row = f"{'  '.join(group):<{wide}}{counted.lines:>6}"
        rows.append(
            row + "".join(f"  {c[group].exact_share:>17.1%}{c[group].cer:>9.2%}" for c in columns.values())
        )
    return "\n".join(rows)


def target_table(found: Sequence[Target]) -> str:
    """One row per target: reached, NOT REACHED or not measured, what was claimed and what came out."""
    words = {True: "reached", False: "NOT REACHED", None: "not measured"}
    wide = max(len(target.claim) for target in found) + 2
    return "\n".join(
        f"{words[target.reached]:<14}{target.claim:<{wide}}{target.measured}" for target in found
    )


def worst_lines(lines: Sequence[BenchmarkLine], texts: Sequence[str], count: int) -> str:
    """The lines with most errors per character, expected above read."""
    rated = []
    for number, (line, read) in enumerate(zip(lines, texts, strict=True)):
        wrong = edit_distance(fold_twins(line.text), fold_twins(read))
        if wrong:
            rated.append((-wrong / len(line.text), number))
    rows = []
    for rate, number in sorted(rated)[:count]:
        line = lines[number]
        how = ", ".join((line.kind, line.quality, line.family, *line.effects))
        rows.append(f"{-rate:5.0%}  {how}\n       expected {line.text!r}\n       read     {texts[number]!r}")
    return "\n".join(rows) or "no line with an error"


def summary(
    found: Sequence[Target], cells: Mapping[tuple[str, ...], Tally], readings: Sequence[Reading]
) -> str:
    """The figures in one line: exact lines clean/degraded per kind, targets, speed."""
    shares = []
    for kind in KINDS:
        here = [
            f"{cells[kind, quality].exact_share:.1%}" for quality in QUALITIES if (kind, quality) in cells
        ]
        shares.append(f"{kind} {'/'.join(here)}")
    speeds = {reading.engine: reading.lines_per_second for reading in readings}
    speed = ", ".join(f"{name} {rate:.1f}" for name, rate in speeds.items())
    ours, theirs = readings[0], speeds.get(TESSERACT)
    ratio = f" ({ours.lines_per_second / theirs:.1f} times Tesseract)" if theirs else ""
    reached = sum(target.reached is True for target in found)
    return (
        f"{sum(cell.lines for cell in cells.values())} lines, exact clean/degraded: {', '.join(shares)}; "
        f"lines/s: {speed}{ratio}; {reached} of {len(found)} targets reached"
    )


def as_json(
    lines: Sequence[BenchmarkLine],
    readings: Sequence[Reading],
    found: Sequence[Target],
    differing: Sequence[int],
) -> dict[str, Any]:
    """All figures as plain data; shares as fractions of 1."""

    def plain(counted: Mapping[tuple[str, ...], Tally]) -> list[dict[str, Any]]:
        return [
            {"group": list(group), "lines": t.lines, "exact": t.exact_share, "cer": t.cer, "errors": t.errors}
            for group, t in counted.items()
        ]

    return {
        "lines": len(lines),
        "engines": {
            reading.engine: {
                "lines_per_second": reading.lines_per_second,
                "cells": plain(tallies(lines, reading.texts, by_cell)),
                "families": plain(tallies(lines, reading.texts, by_family)),
            }
            for reading in readings
        },
        "differing_lines": [
            {"text": lines[n].text, "read": [r.texts[n] for r in readings[:2]]} for n in differing
        ],
        "targets": [{"claim": t.claim, "measured": t.measured, "reached": t.reached} for t in found],
    }

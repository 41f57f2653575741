"""One run over an output folder: what is there already, what comes in, and in which order it is written."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ocr_helpers.batch.errors import SourceVanishedError
from ocr_helpers.batch.events import Event, Opened, PageRead, Retried
from ocr_helpers.batch.files import output_errors, remove_temporary, write_files
from ocr_helpers.batch.job import PAGES_NAME
from ocr_helpers.batch.manifest import FailedPage, Manifest, SourceState
from ocr_helpers.batch.plan import Plan
from ocr_helpers.batch.sources import FoundSources, SourceFile, result_name
from ocr_helpers.batch.worker import content_digest
from ocr_helpers.errors import shown

__all__ = ["Recorder", "failures_of", "unchanged_files"]


def unchanged_files(out_dir: Path, found: FoundSources, manifest: Manifest) -> set[str]:
    """Bring the manifest up to what is on the disk; keys of the files that are what it says.

    Left-over temporary files are deleted, and pages whose result is gone are marked to be read again. A file
    is compared by size and time of change, and by its content where only the time differs.

    Raises:
        OutputError: the output folder cannot be read or written to.

    """
    pages_dir = out_dir / PAGES_NAME
    with output_errors(out_dir):
        shards = [Path(entry.path) for entry in os.scandir(pages_dir)] if pages_dir.is_dir() else []
        remove_temporary([out_dir, *shards])
        there = {f"{shard.name}/{entry.name}" for shard in shards for entry in os.scandir(shard)}
        events: list[dict[str, object]] = [
            {"event": "again", "source": key, "page": page, "reason": "its result file is gone"}
            for key, state in manifest.sources.items()
            for page, file in state.done.items()
            if file not in there
        ]
        events += [
            {"event": "skipped", "source": one.key, "reason": one.reason}
            for one in found.skipped
            if manifest.skipped.get(one.key) != one.reason
        ]
        unchanged = set()
        for file in found.files:
            state = manifest.sources.get(file.key)
            if state is None or state.size != file.size:
                continue
            if state.mtime_ns != file.mtime_ns:
                if not state.digest or not _same_content(file, state.digest):
                    continue
                events.append(
                    _source_event(file.key, state.pages or 0, file.size, file.mtime_ns, state.digest)
                )
            unchanged.add(file.key)
        manifest.add(events)
    return unchanged


def failures_of(files: Iterable[SourceFile], manifest: Manifest) -> list[FailedPage]:
    """What failed of these files, in their order."""
    failures = []
    for file in files:
        state = manifest.sources.get(file.key)
        if state is not None and state.failed:
            pages = sorted(state.failed, key=lambda page: -1 if page is None else page)
            failures += [state.failed[page] for page in pages]
    return failures


class Recorder:
    """Writes what workers report: results first, then the manifest, then the plan may know.

    Args:
        out_dir: the output folder, locked.
        manifest: its manifest.
        files: what is read.
        plan: told of everything that has been written.

    """

    def __init__(self, out_dir: Path, manifest: Manifest, files: Sequence[SourceFile], plan: Plan) -> None:
        self._out_dir, self._manifest, self._plan = out_dir, manifest, plan
        self._files = {file.key: file for file in files}

    def record(self, events: Sequence[Event]) -> tuple[int, int]:
        """Write a group of reports; when this returns they survive a power failure.

        Returns:
            How many pages were read, and how many failed.

        Raises:
            SourceVanishedError: the folder they come from is gone; nothing is written of what failed so.
            OutputError: the output folder takes no data; nothing of this group counts, and it is read again.

        """
        results: dict[Path, bytes] = {}
        lines: list[dict[str, object]] = []
        stale: list[str] = []
        voided: set[str] = set()
        settled: set[tuple[str, int]] = set()
        vanished: SourceVanishedError | None = None
        read = failed = 0
        for event in events:
            state = self._manifest.sources.get(
                event.key if not isinstance(event, FailedPage) else event.source
            )
            if isinstance(event, Opened):
                if state is not None and state.digest != event.digest:
                    voided.add(event.key)
                    stale += state.done.values()
                lines.append(_source_event(event.key, event.pages, event.size, event.mtime_ns, event.digest))
            elif isinstance(event, PageRead):
                place = event.key, event.page
                known = state is not None and event.page in state.done and event.key not in voided
                if known or place in settled:
                    continue
                settled.add(place)
                name = result_name(event.key, event.page)
                results[self._out_dir / PAGES_NAME / name] = event.content
                lines.append(_done_event(event, name))
                read += 1
            elif isinstance(event, Retried):
                lines.append(_retry_event(event))
            elif (vanished := self._vanished(event)) is not None:
                break
            else:
                file = self._files[event.source]
                if event.page is None and not event.again and state is not None and _differs(state, file):
                    stale += state.done.values()
                lines.append(_failed_event(event, file))
                failed += 1
        with output_errors(self._out_dir):
            # Folders are made where they are missing: where the whole output has gone, that would go unseen.
            self._manifest.check_in_place()
            for name in stale:
                (self._out_dir / PAGES_NAME / name).unlink(missing_ok=True)
            if results:
                write_files(results)
            self._manifest.add(lines)
        for event in events:
            self._plan.take(event)
        if vanished is not None:
            raise vanished
        return read, failed

    def _vanished(self, failed: FailedPage) -> SourceVanishedError | None:
        """Whether a file cannot be read because its whole source is gone, and not it alone."""
        root = self._files[failed.source].root
        if not failed.again:
            return None
        try:
            # Where a network folder was mounted, an empty folder is left.
            if next(os.scandir(root), None) is not None:
                return None
            reason = "the folder is empty now"
        except OSError as error:
            reason = error.strerror or str(error)
        return SourceVanishedError(
            f"{shown(root)} is gone in the middle of the run: {reason}. What was read is kept. If it is on a "
            "network folder or a removable disk, connect it, and call again to go on."
        )


def _differs(state: SourceState, file: SourceFile) -> bool:
    return (state.size, state.mtime_ns) != (file.size, file.mtime_ns)


def _same_content(file: SourceFile, digest: str) -> bool:
    try:
        return content_digest(file.path) == digest
    except OSError:  # a worker will say what is wrong with it
        return False


def _source_event(key: str, pages: int, size: int, mtime_ns: int, digest: str) -> dict[str, object]:
    return {
        "event": "source",
        "source": key,
        "pages": pages,
        "size": size,
        "mtime_ns": mtime_ns,
        "digest": digest,
    }


def _done_event(event: PageRead, name: str) -> dict[str, object]:
    return {
        "event": "done",
        "source": event.key,
        "page": event.page,
        "file": name,
        "bytes": len(event.content),
        "seconds": round(event.seconds, 4),
        "worker_mb": round(event.rss / 1e6),
        "worker": event.worker,
    }


def _retry_event(event: Retried) -> dict[str, object]:
    return {
        "event": "retry",
        "source": event.key,
        "page": event.page,
        "error": event.error,
        "reason": event.reason,
    }


def _failed_event(event: FailedPage, file: SourceFile) -> dict[str, object]:
    return {
        "event": "failed",
        "source": event.source,
        "page": event.page,
        "error": event.error,
        "reason": event.reason,
        "attempts": event.attempts,
        "again": event.again,
        "size": file.size,
        "mtime_ns": file.mtime_ns,
    }

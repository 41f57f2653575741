"""How a run over many documents ended."""

from dataclasses import dataclass, field
from pathlib import Path

from ocr_helpers.batch.job import PAGES_NAME
from ocr_helpers.batch.manifest import MANIFEST_NAME, FailedPage
from ocr_helpers.batch.sources import Skipped
from ocr_helpers.errors import shown

__all__ = ["BatchResult"]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a run ended.

    Attributes:
        out_dir: the output folder.
        pages: pages of all sources; a file that could not be opened counts as one.
        done: pages with a result, from this call and earlier ones.
        new: pages read in this call.
        failed: pages, and files as a whole, without a result, and why.
        skipped: what was found and is not read, and why.
        seconds: what this call took.
        complete: every page is done or failed; False where ``stop_after`` ended the run.
        dashboard_link: address of the Dask cluster's status page, which answered when the run began; None
            without a cluster, or where its scheduler has no such page.

    """

    out_dir: Path
    pages: int
    done: int
    new: int
    failed: list[FailedPage] = field(repr=False)
    skipped: list[Skipped] = field(repr=False)
    seconds: float
    complete: bool
    dashboard_link: str | None = None

    @property
    def pages_dir(self) -> Path:
        """The folder of results, for ``load_records``."""
        return self.out_dir / PAGES_NAME

    @property
    def manifest_path(self) -> Path:
        """The file of JSON lines that says what happened."""
        return self.out_dir / MANIFEST_NAME

    @property
    def pages_per_minute(self) -> float:
        """Of this call, loading the models included."""
        return self.new / self.seconds * 60 if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        lines = [
            f"{self.done} of {self.pages} pages done, {len(self.failed)} failed, {len(self.skipped)} skipped"
            f"; {self.new} read now in {self.seconds:.1f} s ({self.pages_per_minute:.0f} pages/min)"
        ]
        lines += [f"  failed: {shown(failed.source)}{_after(failed)}" for failed in self.failed[:10]]
        if len(self.failed) > 10:
            lines.append(f"  and {len(self.failed) - 10} more, in {shown(str(self.manifest_path))}")
        if not self.complete:
            lines.append("  not complete: call again to go on")
        return "\n".join(lines)


def _after(failed: FailedPage) -> str:
    page = "" if failed.page is None else f", page {failed.page + 1}"
    return f"{page}: {failed.error}: {failed.reason}"

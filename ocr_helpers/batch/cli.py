"""The command ``python -m ocr_helpers.batch IN… OUT``."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ocr_helpers.batch import read_documents
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = ["main"]

_STATUS = """exit status:
  0    every page has a result
  1    some pages failed, or files were skipped: see the manifest
  2    it could not run: the message says why
  130  stopped (Ctrl-C); 143: ended by SIGTERM. Call again to go on"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read documents as the command line says; the exit status."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _ended)
    try:
        settings = PipelineSettings.from_yaml(options.settings) if options.settings else None
        result = read_documents(
            options.sources,
            options.out_dir,
            settings,
            pattern=options.pattern,
            follow_links=options.follow_links,
            workers=options.workers,
            scheduler=options.scheduler,
            weights=options.weights,
            device=options.device,
            engine=options.engine,
            dpi=options.dpi,
            max_pages=options.max_pages,
            memory_limit_mb=options.memory_limit_mb,
            page_timeout_s=options.page_timeout_s,
            recycle_after=options.recycle_after,
            on_change=options.on_change,
            retry_failed=options.retry_failed,
            stop_after=options.stop_after,
            progress=not options.quiet,
        )
    except OcrHelpersError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What was read is kept; call again to go on.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    print(result)
    return 1 if result.failed or result.skipped else 0


def _ended(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ocr_helpers.batch",
        description="Read folders, images, PDFs and TIFFs; one JSON file per page. Called again, it goes on.",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="+", metavar="IN", help="folders and files")
    parser.add_argument("out_dir", metavar="OUT", help="folder of the results; made where it is not there")
    parser.add_argument("--settings", type=Path, metavar="YAML", help="of PipelineSettings.to_yaml")
    parser.add_argument("--pattern", action="append", help="of files in folders, such as '*.png'; repeatable")
    parser.add_argument("--follow-links", action="store_true", help="follow links to folders")
    parser.add_argument("--workers", type=int, help="processes (one per core)")
    parser.add_argument("--scheduler", help="'local', or the address of a Dask scheduler")
    parser.add_argument("--weights", default="auto", help="auto, official or starter (%(default)s)")
    parser.add_argument("--device", default="auto", help="cpu, gpu:0, … (%(default)s)")
    parser.add_argument("--engine", default="auto", help="paddle, onnxruntime (%(default)s)")
    parser.add_argument("--dpi", type=float, default=200.0, help="of PDF pages (%(default)s)")
    parser.add_argument("--max-pages", type=int, default=10_000, help="of one file (%(default)s)")
    parser.add_argument("--memory-limit-mb", type=float, help="of one worker (its share of 80 %% of memory)")
    parser.add_argument("--page-timeout-s", type=float, default=300.0, help="for one page (%(default)s)")
    parser.add_argument("--recycle-after", type=int, default=500, help="pages of one worker (%(default)s)")
    parser.add_argument("--on-change", choices=("stop", "redo"), default="stop", help="other settings (stop)")
    parser.add_argument("--retry-failed", action="store_true", help="read failed pages again")
    parser.add_argument("--stop-after", type=int, metavar="N", help="end after N pages")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser

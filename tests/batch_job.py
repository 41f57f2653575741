"""A run that another process can kill: ``python tests/batch_job.py IN OUT SECONDS_PER_PAGE``."""

import signal
import sys

from batch_readers import LightReader

from ocr_helpers.batch import read_documents

if __name__ == "__main__":
    # A shell starts what runs in the background with these ignored, and so would this process.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    source, out_dir, seconds = sys.argv[1:]
    read_documents(source, out_dir, reader=LightReader(float(seconds)), workers=2, progress=False)

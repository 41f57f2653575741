"""``python -m ocr_helpers.batch``."""

import sys

from ocr_helpers.batch.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Start JupyterLab on the first notebook, as ``make lab`` does: loopback only, token kept, no network asked.

Every argument is handed on to JupyterLab: ``python -m tools.lab --no-browser --ServerApp.port=9000``.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROMPT_CONNECTION = "ocr_helpers.lab_connection.PromptConnection"
FIRST_NOTEBOOK = Path("notebooks/01_single_line_recognition.ipynb")


def command(root: Path = ROOT) -> list[str]:
    """Return the command that opens the first notebook under ``root``, which the file browser shows too."""
    line = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.ip=127.0.0.1",
    ]
    line.append(f"--ServerApp.kernel_websocket_connection_class={PROMPT_CONNECTION}")
    # As the default address rather than as a file to open: so it stands in the printed link too.
    line.append(f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}")
    # Else JupyterLab asks its publisher for news and updates, and a question about it covers the notebook.
    line.append(f"--LabApp.app_settings_dir={ROOT / 'tools' / 'jupyterlab_settings'}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container one is often root; loopback and the token guard the server there too.
        line.append("--allow-root")
    return line


def main() -> None:
    """Become JupyterLab, so that Ctrl-C and the exit status are its own."""
    if not (ROOT / FIRST_NOTEBOOK).is_file():
        sys.exit(f"{FIRST_NOTEBOOK} was expected in {ROOT} and is not there: is the clone complete?")
    line = command() + sys.argv[1:]
    os.execv(line[0], line)


if __name__ == "__main__":
    main()

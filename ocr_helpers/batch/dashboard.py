"""The page on which a Dask cluster shows what it does: its address, once it has answered."""

import http.client
import re
import urllib.error
import urllib.request
from typing import Any, Final

__all__ = ["find_dashboard"]

_ANSWER_SECONDS: Final = 10.0
_DRAWS: Final = re.compile(rb"bokeh[\w.-]*\.js")
"""What a page loads that draws the cluster; the one Dask shows without Bokeh has only words."""
_ENDING: Final = "The pages are read all the same."


def find_dashboard(client: Any) -> tuple[str | None, str]:
    """Ask a cluster for its status page.

    Args:
        client: a ``distributed.Client``.

    Returns:
        The page's address, None where there is none to open; and a line that says which, or what is missing.
        An address that Dask's setting ``distributed.dashboard.link`` leads through a proxy is taken as it is:
        only a browser that is logged in there can open it.

    """
    try:
        link = client.dashboard_link
    except KeyError:  # the scheduler names no such service
        link = None
    if not link:
        return None, f"Dask dashboard: the scheduler was started without one. {_ENDING}"
    if "/proxy/" in link or not link.startswith(("http://", "https://")):
        return link, f"Dask dashboard: {link}"
    # Without the proxies of the environment: a scheduler stands in the own network, often on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(link, timeout=_ANSWER_SECONDS) as answer:
            found = answer.read(100_000)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None, f"Dask dashboard: the scheduler was started without one. {_ENDING}"
        reason = f"it answers with error {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = f"it does not answer ({getattr(error, 'reason', None) or error or type(error).__name__})"
    else:
        if _DRAWS.search(found):
            return link, f"Dask dashboard: {link}"
        reason = "its scheduler needs the package bokeh to draw it"
    return None, f"Dask dashboard: none at {link}: {reason}. {_ENDING}"

"""The address of the Dask dashboard is shown where a page answers there, else what is missing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from ocr_helpers.batch.dashboard import find_dashboard

DRAWN = b'<html><script type="text/javascript" src="static/js/bokeh.min.js?v=1"></script></html>'
WITHOUT_BOKEH = b"<p>Dask needs bokeh!=3.0.*,&gt;=3.1.0 for the dashboard.</p>"


@contextmanager
def serving(status: int, content: bytes) -> Iterator[str]:
    """A server on the loopback interface that answers everything in the same way; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/status"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "content", "works", "said"),
    [
        (200, DRAWN, True, "Dask dashboard: LINK"),
        (200, WITHOUT_BOKEH, False, "none at LINK: its scheduler needs the package bokeh to draw it"),
        (404, b"", False, "the scheduler was started without one"),
        (500, DRAWN, False, "none at LINK: it answers with error 500"),
    ],
)
def test_a_page_that_answers(
    status: int, content: bytes, works: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # a scheduler is not asked by way of a proxy
    with serving(status, content) as link:
        found, text = find_dashboard(SimpleNamespace(dashboard_link=link))
    assert found == (link if works else None)
    assert said.replace("LINK", link) in text
    assert works or text.endswith("The pages are read all the same.")


def test_nobody_answers() -> None:
    with serving(200, DRAWN) as link:
        pass
    found, text = find_dashboard(SimpleNamespace(dashboard_link=link))
    assert found is None
    assert f"none at {link}: it does not answer (" in text


@pytest.mark.parametrize(
    "link", ["/user/kim/proxy/8787/status", "https://hub.example/user/kim/proxy/8787/status"]
)
def test_an_address_behind_a_login_is_taken_as_it_is(link: str) -> None:
    assert find_dashboard(SimpleNamespace(dashboard_link=link)) == (link, f"Dask dashboard: {link}")


class _WithoutService:
    @property
    def dashboard_link(self) -> str:
        raise KeyError("dashboard")


@pytest.mark.parametrize("client", [SimpleNamespace(dashboard_link=None), _WithoutService()])
def test_a_scheduler_without_dashboard(client: object) -> None:
    found, text = find_dashboard(client)
    assert found is None
    assert "the scheduler was started without one" in text

"""JupyterLab's connection to a kernel: what of "busy" and "idle" it passes on."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tools.lab_session import running_lab

NAPS = """
from time import sleep
def napping(comm, opened):
    comm.on_msg(lambda message: sleep(message["content"]["data"]["seconds"]))
get_ipython().kernel.comm_manager.register_target("nap", napping)
"""
ANSWER_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Host and port, token and log of a server that runs as ``make lab`` starts it."""
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder, "any.ipynb") as address:
        at = urlsplit(address)
        yield at.netloc, parse_qs(at.query)["token"][0], folder / "log"


class Kernel:
    """A kernel of that server, asked as a browser asks it."""

    def __init__(self, place: str, token: str) -> None:
        self._place, self._token = place, token
        self._id = ""
        self._socket: WebSocketClientConnection | None = None
        self._comm = uuid4().hex

    async def start(self) -> None:
        """Start it, with something that takes messages of widgets and naps."""
        address = f"http://{self._place}/api/kernels?token={self._token}"
        answer = await AsyncHTTPClient().fetch(address, method="POST", body="{}", request_timeout=ANSWER_S)
        self._id = json.loads(answer.body)["id"]
        await self.connect()
        await self.states("execute_request", code=NAPS, silent=False)
        await self.states("comm_open", comm_id=self._comm, target_name="nap", data={})

    async def connect(self) -> None:
        address = f"ws://{self._place}/api/kernels/{self._id}/channels?token={self._token}"
        self._socket = await websocket_connect(address)

    def disconnect(self) -> None:
        assert self._socket is not None
        self._socket.close()

    async def ask(self, kind: str, **content: Any) -> str:
        """Send a message, and return its id."""
        header = {
            "msg_id": uuid4().hex,
            "msg_type": kind,
            "session": "test",
            "username": "",
            "version": "5.4",
        }
        header["date"] = "2026-01-01T00:00:00Z"
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        assert self._socket is not None
        await self._socket.write_message(json.dumps(message | {"channel": "shell"}))
        return header["msg_id"]

    async def states(self, kind: str, **content: Any) -> list[str]:
        """What the kernel is said to be from a message until it is done with it."""
        asked, found = await self.ask(kind, **content), list[str]()
        assert self._socket is not None
        while found[-1:] != ["idle"]:
            said = json.loads(str(await asyncio.wait_for(self._read(), ANSWER_S)))
            if said["msg_type"] == "status" and said["parent_header"].get("msg_id") == asked:
                found.append(said["content"]["execution_state"])
        return found

    async def nap(self, seconds: float) -> list[str]:
        """``states`` of a widget's message that takes so long."""
        return await self.states("comm_msg", comm_id=self._comm, data={"seconds": seconds})

    async def fall_asleep(self, seconds: float) -> None:
        """Send such a message, and wait for nothing."""
        await self.ask("comm_msg", comm_id=self._comm, data={"seconds": seconds})

    async def _read(self) -> str | bytes | None:
        assert self._socket is not None
        return await self._socket.read_message()


def test_busy_is_said_of_cells_and_of_long_work_for_widgets_only(server: tuple[str, str, Path]) -> None:
    place, token, _ = server

    async def session() -> None:
        kernel = Kernel(place, token)
        await kernel.start()
        for _ in range(5):
            assert await kernel.nap(0) == ["idle"]
        assert await kernel.nap(0.5) == ["busy", "idle"]
        assert await kernel.nap(0) == ["idle"]
        assert await kernel.states("execute_request", code="pass", silent=False) == ["busy", "idle"]

    asyncio.run(session())


def test_a_view_may_leave_while_the_kernel_works_for_it(server: tuple[str, str, Path]) -> None:
    place, token, log = server

    async def session() -> None:
        kernel = Kernel(place, token)
        await kernel.start()
        await kernel.fall_asleep(0.5)
        await asyncio.sleep(0.02)  # "busy" has come to the server, and waits
        kernel.disconnect()
        await asyncio.sleep(0.7)
        await kernel.connect()
        assert await kernel.nap(0) == ["idle"]

    asyncio.run(session())
    assert "Traceback" not in log.read_text(encoding="utf-8")

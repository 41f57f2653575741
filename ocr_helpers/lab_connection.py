"""JupyterLab's connection to a kernel as widgets need it that answer at every frame of a drag.

A kernel says "busy", then answers. The operating system holds the second small message back until the first
is acknowledged (J. Nagle, RFC 896), and the browser acknowledges up to 40 ms later (RFC 1122, 4.2.3.2); see
``set_nodelay`` in https://www.tornadoweb.org/en/stable/websocket.html. And at each "busy" and "idle"
JupyterLab lays out its toolbar and loads another icon for the browser's tab, which costs the page more than
the tuner's own script does: "busy" is passed on only where a widget's message takes the kernel more than
``BRIEF_S``.

``make lab`` uses this class; to use it elsewhere, start JupyterLab with
``--ServerApp.kernel_websocket_connection_class=ocr_helpers.lab_connection.PromptConnection``.
"""

import asyncio
from typing import Any, Final

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

__all__ = ["BRIEF_S", "PromptConnection"]

BRIEF_S: Final = 0.1
"""Seconds a widget's message may take before JupyterLab is told that the kernel is busy."""


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter Server's own connection; every message leaves at once, brief work is not announced."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The id of a widget's message → the timer that passes "busy" on after all.
        self._withheld: dict[str, asyncio.TimerHandle] = {}

    def connect(self) -> Any:
        """Connect as usual, and switch the waiting off."""
        if self.websocket_handler.ws_connection is not None:
            self.websocket_handler.set_nodelay(True)
        return super().connect()

    def disconnect(self) -> Any:
        """Disconnect as usual; nothing is passed on any more."""
        for timer in self._withheld.values():
            timer.cancel()
        self._withheld.clear()
        return super().disconnect()  # type: ignore[no-untyped-call]

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass on what the kernel says, but for "busy" about brief work for a widget."""
        _, parts = self.session.feed_identities(outgoing_msg)
        header, parent, content = (self.session.unpack(parts[place]) for place in (1, 2, 4))
        if header["msg_type"] == "status" and parent.get("msg_type") == "comm_msg":
            asked = parent["msg_id"]
            if content["execution_state"] == "busy":
                later = asyncio.get_running_loop().call_later
                self._withheld[asked] = later(BRIEF_S, self._pass_on, asked, stream, outgoing_msg)
                return
            if asked in self._withheld:
                self._withheld.pop(asked).cancel()
        super().handle_outgoing_message(stream, outgoing_msg)

    def _pass_on(self, asked: str, stream: Any, busy: list[Any]) -> None:
        del self._withheld[asked]
        super().handle_outgoing_message(stream, busy)

"""JupyterLab's connection to a kernel without the network's waiting: widgets answer a drag sooner.

A kernel says "busy", then answers. The operating system holds the second small message back until the first
is acknowledged (J. Nagle, RFC 896), and the browser acknowledges up to 40 ms later (RFC 1122, 4.2.3.2); see
``set_nodelay`` in https://www.tornadoweb.org/en/stable/websocket.html. ``make lab`` uses this class; to use
it elsewhere, start JupyterLab with
``--ServerApp.kernel_websocket_connection_class=ocr_helpers.lab_connection.PromptConnection``.
"""

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

__all__ = ["PromptConnection"]


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter Server's own connection; every message leaves at once."""

    def connect(self) -> Any:
        """Connect as usual, and switch the waiting off."""
        if self.websocket_handler.ws_connection is not None:
            self.websocket_handler.set_nodelay(True)
        return super().connect()

"""What DetectionTuner sends beside its traits: pages, probability maps, boxes and crops, as bytes."""

from collections.abc import Callable, Mapping
from typing import Any

from ocr_helpers.detection.frames import DetectionFrame
from ocr_helpers.detection.tuning import DetectionTuning
from ocr_helpers.widgets.tuner_data import frame_arrays, frame_message, map_buffer, page_picture

__all__ = ["LookSender"]


class LookSender:
    """Sends looks at pages; what a browser has of them is not sent again.

    Args:
        tuning: whose looks.
        send: takes a message and its buffers, as ``ipywidgets.Widget.send``.

    Attributes:
        newest: number of the newest look that was sent.
        answered: id of the message that the last one answered.

    """

    def __init__(self, tuning: DetectionTuning, send: Callable[[dict[str, Any], list[bytes]], None]) -> None:
        self._tuning = tuning
        self._send = send
        self._layers: dict[str, tuple[bool, bool]] = {}  # what each view wants: contours, the map
        self._page = -1
        self._map: object = None
        self.newest = -1
        self.answered = ""

    def send_frame(self, frame: DetectionFrame, answer: str = "") -> None:
        """Send a look, as the answer to the message of that id; its page and its map before, where needed."""
        if frame.page_number != self._page:
            self._send_page(frame)
        if any(wants_map for _, wants_map in self._layers.values()):
            self._send_map(frame)
        contours = any(wants_contours for wants_contours, _ in self._layers.values())
        truth = self._tuning.truth_of(frame.page_number)
        message = frame_message(frame, truth is not None)
        self.newest = max(self.newest, frame.number)
        self.answered = answer
        sizes, arrays = frame_arrays(frame, truth, contours)
        self._send({"kind": "frame", "id": answer, "sizes": sizes} | message, [arrays])

    def send_crops(self, crops: Mapping[str, bytes]) -> None:
        """Send JPEGs of lines, by the names that the rows give them."""
        if crops:
            self._send({"kind": "crops", "names": list(crops)}, list(crops.values()))

    def set_layers(self, view: str, contours: bool, probabilities: bool) -> None:
        """Send from now on what a view shows beside the boxes, and the newest look with it."""
        _, had_map = self._layers.get(view, (False, False))
        layers = {other: wanted for other, wanted in self._layers.items() if other != view}
        if contours or probabilities:
            layers[view] = contours, probabilities
        self._layers = layers  # at once: the tuning's own thread may be reading them
        if probabilities and not had_map:
            self._map = None
        self._again()

    def send_all(self, crops: Mapping[str, bytes]) -> None:
        """Send all again, to a browser that has nothing yet."""
        self.send_crops(crops)
        self._page = -1
        self._again()

    def _again(self) -> None:
        frame = self._tuning.state.frame
        if frame is not None:
            self.send_frame(frame)

    def _send_page(self, frame: DetectionFrame) -> None:
        self._page = frame.page_number
        self._map = None
        height, width = frame.page_map.page_bgr.shape[:2]
        jpeg, shown = page_picture(frame.page_map.page_bgr)
        sizes = {"width": width, "height": height, "shown_width": shown[0], "shown_height": shown[1]}
        self._send({"kind": "image", "page": frame.page_number} | sizes, [jpeg])

    def _send_map(self, frame: DetectionFrame) -> None:
        if self._map is frame.page_map:
            return
        self._map = frame.page_map
        height, width = frame.page_map.probabilities.shape
        about = {"page": frame.page_number, "map_id": id(frame.page_map), "width": width, "height": height}
        self._send({"kind": "map"} | about, [map_buffer(frame)])

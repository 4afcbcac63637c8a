"""A small server that speaks the part of AUTOMATIC1111's API that is used. Its codec is a coarse JPEG."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image


def decoded(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")


def through_codec(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, format="JPEG", quality=20)
    return Image.open(file).convert("RGB")


class Server(ThreadingHTTPServer):
    """Remembers what it was asked. `refusals` are statuses that it answers first, one a request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict] = []
        self.refusals: list[int] = []
        self.colour = (250, 10, 10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(200, {"sd_model_checkpoint": "tiny.safetensors [0123abcd]"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refusals:
            self._answer(self.server.refusals.pop(0), {"error": "OutOfMemoryError", "detail": "no room"})
            return
        self.server.asked.append(asked)
        self._answer(200, {"images": [self._painted(asked)], "info": json.dumps({"seed": asked["seed"]})})

    def _painted(self, asked: dict) -> str:
        picture = decoded(asked["init_images"][0])
        assert picture.size == (asked["width"], asked["height"])
        if "mask" in asked:
            mask = np.asarray(decoded(asked["mask"]))[..., :1] > 127
            colour = np.array(self.server.colour) if self.server.colour else np.asarray(picture)
            picture = Image.fromarray(np.where(mask, colour, np.asarray(picture)).astype(np.uint8))
        file = io.BytesIO()
        through_codec(picture).save(file, format="PNG")
        return base64.b64encode(file.getvalue()).decode()

    def _answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

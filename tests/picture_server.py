"""A small server of pictures, good and bad, and of a search that speaks Openverse's JSON."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image


def picture(seed: int, *, size: tuple[int, int] = (80, 90), colour: int = 128, **options) -> bytes:
    """A picture of soft blobs, as JPEG unless `format` says otherwise."""
    coarse = np.random.default_rng(seed).integers(0, 120, (8, 9, 3)) + colour - 60
    file = io.BytesIO()
    Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8)).resize(size[::-1], Image.Resampling.BICUBIC).save(
        file, **{"format": "JPEG", **options}
    )
    return file.getvalue()


class Server(ThreadingHTTPServer):
    """`pages`: what lies at each path, as (status, headers, body), a list of these, one a request, or a function."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, object] = {}
        self.asked: list[str] = []
        self.times: list[float] = []
        self.agents: set[str] = set()
        self.results: list[dict] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Put something at a path; its link is returned."""
        self.pages[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
        return self.url + path

    def pictures(self, count: int, folder: str = "", **options) -> list[str]:
        """Put so many pictures into a folder; their links are returned."""
        return [self.add(f"{folder}/{number}.jpg", picture(number, **options)) for number in range(count)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.times.append(time.monotonic())
        self.server.agents.add(self.headers["User-Agent"])
        path = urlsplit(self.path)
        if path.path == "/v1/images/":
            self.answer(200, {}, self._found(parse_qs(path.query)))
            return
        page = self.server.pages.get(self.path, (404, {}, b""))
        if isinstance(page, list):
            page = page.pop(0) if len(page) > 1 else page[0]
        if isinstance(page, Callable):
            with suppress(OSError):
                page(self)
            return
        self.answer(*page)

    def _found(self, asked: dict[str, list[str]]) -> bytes:
        """A page of the results under the licences that are asked for."""
        wanted, size, number = asked["license"][0].split(","), int(asked["page_size"][0]), int(asked["page"][0])
        fitting = [each for each in self.server.results if each["license"] in wanted]
        pages = -(-len(fitting) // size)
        results = fitting[(number - 1) * size : number * size]
        return json.dumps(
            {"result_count": len(fitting), "page_count": pages, "page": number, "results": results}
        ).encode()

    def answer(self, status: int, headers: dict[str, str], body: bytes):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def dripping(handler: Handler) -> None:
    """A picture that comes byte by byte."""
    handler.send_response(200)
    handler.send_header("Content-Length", "2000")
    handler.end_headers()
    for byte in picture(0):
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def dripping_headers(handler: Handler) -> None:
    """Headers that come byte by byte and never end."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 2000:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: Handler) -> None:
    """A file of unknown length that does not end."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(10_000))


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

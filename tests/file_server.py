"""A server on this machine that offers the files of a folder, for tests of downloads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class OfFolder(SimpleHTTPRequestHandler):
    """Offers files."""

    def log_message(self, *_) -> None:
        pass


class Trickling(BaseHTTPRequestHandler):
    """Answers each question with a byte now and then, and never ends."""

    seconds = 0.05
    body = b"x"
    ended = threading.Event()

    def log_message(self, *_) -> None:
        pass

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with suppress(ConnectionError):
            while not self.ended.wait(self.seconds):
                self.wfile.write(self.body)
                self.wfile.flush()


class Silent(Trickling):
    """Accepts a question and says nothing."""

    def do_GET(self) -> None:
        self.ended.wait(60)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], folder: Path | None = None) -> Iterator[str]:
    """The address of a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)) if folder else handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

"""A web server for downloads, which misbehaves on demand."""

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Manners:
    """How it behaves; what is in a list holds for one request each, then no more."""

    etag: str = '"one"'
    knows_ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    """Bytes of the answer's body after which the connection is cut."""
    statuses: list[int] = field(default_factory=list)
    shifted: list[int] = field(default_factory=list)
    """Bytes by which a part begins elsewhere than was asked."""
    stall_after: int | None = None
    """Bytes of the body after which nothing more comes."""
    redirect: str = ""


class Upstream:
    """Serves ``files`` by path on a loopback port, and keeps what was asked: path, Range, If-Range."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.manners = Manners()
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.stalled = threading.Event()
        self._leave = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._leave.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted, condition = request.headers["Range"], request.headers["If-Range"]
        self.asked.append((request.path, wanted, condition))
        manners, content = self.manners, self.files.get(request.path)
        if content is None or manners.statuses:
            request.send_error(manners.statuses.pop(0) if manners.statuses else 404)
            return
        if manners.redirect and request.path != "/elsewhere":
            request.send_response(302)
            request.send_header("Location", manners.redirect)
            request.end_headers()
            return
        first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        if not manners.knows_ranges or condition not in {None, manners.etag}:
            first = 0
        if first and first >= len(content):
            request.send_error(416)
            return
        self._send(request, content, first)

    def _send(self, request: BaseHTTPRequestHandler, content: bytes, first: int) -> None:
        manners = self.manners
        if first and manners.shifted:
            first += manners.shifted.pop(0)
        body = content[first:]
        request.send_response(206 if first else 200)
        if first:
            request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(body)))
        if manners.etag:
            request.send_header("ETag", manners.etag)
        request.end_headers()
        if manners.stall_after is not None:
            request.wfile.write(body[: manners.stall_after])
            request.wfile.flush()
            self.stalled.set()
            self._leave.wait(60)
        else:
            request.wfile.write(body[: manners.cuts.pop(0)] if manners.cuts else body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing on the test's output."""

        return Handler

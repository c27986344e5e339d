"""Server: gives out the numbers over HTTP, to a few at a time."""

import logging
import socket
import threading
from collections import deque
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from edged.runtime.health import Part

PATH = "/metrics"
MOST_CONNECTIONS = 8
"""Of more, the oldest is closed: who asks slowly must not keep others away."""
QUIET_S = 5.0
"""A connection on which nothing comes or goes for so long is closed."""

log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """One thread that accepts, and one for each connection; OSError where the address cannot be had."""

    daemon_threads, block_on_close = True, False
    request_queue_size = 2 * MOST_CONNECTIONS

    def __init__(self, host: str, port: int, collector: Collector, health: Part) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.registry, self._health = CollectorRegistry(auto_describe=False), health
        self.registry.register(collector)
        ProcessCollector(registry=self.registry)
        self._open: deque[Any] = deque()
        self._guard = threading.Lock()
        super().__init__((host, port), _Answer)

    def start(self) -> None:
        """Answer, in the background."""
        threading.Thread(target=self.serve_forever, args=(0.2,), name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Give the address back."""
        self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Without the look-up of our own name that the library makes: it may ask the network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.append(request)
            oldest = self._open[0] if len(self._open) > MOST_CONNECTIONS else None
        if oldest is not None:
            self.shutdown_request(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            if request in self._open:
                self._open.remove(request)
        super().shutdown_request(request)

    def handle_error(self, *_: Any) -> None:
        """Whoever asked went away, or was too slow."""
        self._health.count("failed_scrapes")

    def numbers(self, accept: str) -> tuple[bytes, str] | None:
        """The box's numbers and their content type, in the best format that ``accept`` names; None: a fault of ours."""
        encode, content_type = choose_encoder(accept)
        try:
            body = encode(self.registry)
        except Exception:  # whatever is wrong with the numbers, the box goes on
            self._health.count("faults")
            log.exception("a fault of edged's own in its metrics")
            return None
        self._health.count("scrapes")
        return body, content_type


class _Answer(BaseHTTPRequestHandler):
    server: Server
    timeout = QUIET_S
    server_version, sys_version = "edged", ""

    def do_GET(self) -> None:  # the library's name
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, f"the numbers are at {PATH}")
            return
        numbers = self.server.numbers(self.headers.get("Accept", ""))
        if numbers is None:
            self.send_error(
                HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of edged's own; its log has it: please report it"
            )
            return
        body, content_type = numbers
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Who asks is not worth a line."""

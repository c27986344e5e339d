"""Check of the network: whether names are known and hosts take connections."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from edged.checkup.box import Box
from edged.checkup.side_by_side import each
from edged.runtime.finding import Finding, Level
from edged.settings import Settings
from edged.sources.camera import CameraConfig
from edged.sources.camera.address import SCHEMES

CONNECT_S = 3.0
ANSWER_S = 10.0
"""With the time that it takes to look up a name."""


def check(box: Box) -> Iterator[Finding]:
    """Each host once, all at once."""
    hosts = {f"{host}:{port}": (host, port, what) for what, host, port in _hosts(box.settings)}
    if not hosts:
        yield Finding(Level.OK, "network", "nothing in the configuration needs it")
    yield from each(lambda host: [connected(*host)], hosts, ANSWER_S)


def connected(host: str, port: int, what: str) -> Finding:
    """Whether ``host`` takes a connection, and how long it takes; ``what``: the setting that names it."""
    about, began_s = f"{host}:{port}", time.monotonic()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding(Level.FAULT, about, f"the name is not known: {reason}", f"mend {what}, or see to DNS")
    named_s = time.monotonic()
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except OSError as error:
        address = found[0][4][0]
        reason = error.strerror or f"no answer within {CONNECT_S:g} s"
        return Finding(Level.FAULT, about, f"{address} cannot be reached: {reason}", f"ping {host}   # or mend {what}")
    took = f"name {(named_s - began_s) * 1e3:.0f} ms, connection {(time.monotonic() - named_s) * 1e3:.0f} ms"
    return Finding(Level.OK, about, f"can be reached ({took})")


def _hosts(settings: Settings) -> Iterator[tuple[str, str, int]]:
    """Setting, host and port of all that is reached over TCP."""
    if settings.mqtt.enabled:
        yield from (("mqtt", broker.host, broker.port) for broker in settings.mqtt.brokers)
    for name, source in settings.sources.items():
        if isinstance(source, CameraConfig) and source.url:
            parts = urlsplit(source.url)
            if parts.scheme != "udp" and parts.hostname:
                yield f"sources.{name}", parts.hostname, parts.port or SCHEMES[parts.scheme]

"""A camera's address: with its credentials, which exist in memory alone, and as people may see it, without."""

import re
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from edged.errors import ConfigError

SCHEMES = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "tcp": 0, "udp": 0}
"""What a stream's URL may begin with, and its usual port."""
ASK_LIMIT_S = 1.0

_USER = re.compile(r"(?<=://)(?:[^/?#]*|[^/?#@:]*:(?!\d+[/?#])[^@]*)@")  # a password may hold what a URL may not
_SECRET = re.compile(
    r"(?<![a-z])((?:user(?:name)?|usr|login|loginuse|loginpas|pass(?:word|wd)?|pwd|(?:access_?)?token|secret|(?:api_?)?key"
    r"|auth)=)(?!\{(?:username|password)\})[^&/?#]+",
    re.IGNORECASE,
)


def masked(url: str) -> str:
    """``url`` as it may be shown: no user, password or token in it."""
    return _SECRET.sub(r"\1***", _USER.sub("***@", url))


def read_password(path: Path) -> str:
    """The password in a file, without the line's end; ConfigError names the file, never its content."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError(
            f"password_file: {path}: {reason}; write the camera's password to it, readable by edged"
        ) from None


def with_credentials(url: str, username: str, password: str) -> str:
    """``url`` with both where it says ``{username}`` and ``{password}``, else before the host."""
    user, secret = quote(username, safe=""), quote(password, safe="")
    if "{password}" in url or "{username}" in url or not username:
        return url.replace("{username}", user).replace("{password}", secret)
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{user}:{secret}@{rest}"


def why_not(url: str) -> str:
    """Why a stream could not be opened, as its host tells whoever asks without credentials; within some seconds."""
    parts = urlsplit(url)
    if parts.scheme == "udp" or not parts.hostname:
        return "gives no pictures"
    try:
        with socket.create_connection((parts.hostname, parts.port or SCHEMES[parts.scheme]), ASK_LIMIT_S) as host:
            host.settimeout(ASK_LIMIT_S)
            status = _status(host, url) if parts.scheme in {"rtsp", "http"} else 0
    except OSError as error:
        return f"its host cannot be reached: {error.strerror or 'no answer'}"
    if status == 401:
        return "asks for a user name and password (401): see to username and password_file"
    if status == 404:
        return "its host is there, but has no such path (404)"
    return f"answers {status}" if status >= 300 else "its host is there, but gives no pictures that can be read"


def _status(host: socket.socket, url: str) -> int:
    """What an RTSP or HTTP server answers to a plain question; 0 where it makes no sense."""
    parts = urlsplit(url)
    if parts.scheme == "rtsp":
        place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        question = f"DESCRIBE {place} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    else:
        place = parts._replace(scheme="", netloc="").geturl() or "/"
        question = f"GET {place} HTTP/1.0\r\nHost: {parts.hostname}\r\n\r\n"
    answer = b""
    with suppress(TimeoutError):
        host.sendall(question.encode())
        answer = host.recv(64)
    found = re.match(rb"(?:RTSP|HTTP)/\d\.\d (\d{3})", answer)
    return int(found[1]) if found else 0

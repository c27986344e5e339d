"""Download: one file over HTTP, never more of it than was promised, and resumed where it broke off.

What has come lies in ``<file>.part``, its ETag beside it in ``<file>.etag``, so that Ctrl-C, a lost network and a
power cut cost only what was under way.
"""

import http.client
import ipaddress
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from edged import __version__
from edged.errors import ModelError

CHUNK = 64 * 1024
OFFLINE = "is the box online? `--mirror DIR` takes the files from a folder instead, such as a USB stick"

Progress = Callable[[int], None]
"""Told how many bytes of the file are here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often is tried."""

    silence_s: float = 20.0
    """A server that says nothing for so long is given up for this attempt."""
    whole_s: float = 1800.0
    """All attempts at one file together."""
    attempts: int = 5
    pause_s: float = 1.0
    """Before the second attempt; doubled each time."""


PATIENT = Limits()


class _BrokenOffError(Exception):
    """This attempt failed in a way that another may not."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https, and those of this machine to itself."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not is_safe(newurl) or (is_loopback(newurl) and not is_loopback(req.full_url)):
            fp.close()
            raise ModelError(f"{req.full_url}: redirects to {newurl}, must be https; nothing was fetched from there")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_loopback(url: str) -> bool:
    """Whether the URL is of this very machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read or change what comes: https, or http of this machine."""
    scheme = urllib.parse.urlsplit(url).scheme
    return scheme == "https" or (scheme == "http" and is_loopback(url))


@dataclass(slots=True)
class Download:
    """One file of at most ``size`` bytes from ``url`` into ``part``. Call it: on return the file has ``size`` bytes."""

    url: str
    part: Path
    size: int
    progress: Progress
    limits: Limits = PATIENT
    _opener: urllib.request.OpenerDirector = field(default_factory=lambda: urllib.request.build_opener(_HttpsOnly))

    def __call__(self) -> bool:
        """Fetch what is missing; True where a part from before was gone on with.

        ModelError with the URL and the remedy; OSError where the disk refuses.
        """
        until = time.monotonic() + self.limits.whole_s
        resumed = self._here() > 0
        for attempt in range(self.limits.attempts):
            try:
                self._attempt(until)
                return resumed
            except _BrokenOffError as error:
                reason = str(error)
            pause = self.limits.pause_s * 2**attempt
            if time.monotonic() + pause > until:
                break
            if attempt + 1 < self.limits.attempts:
                time.sleep(pause)
        raise ModelError(f"{self.url}: {reason}; {OFFLINE}; the same command goes on from {self._here()} bytes")

    def discard(self) -> None:
        """Forget what has come."""
        self.part.unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)

    @property
    def _etag(self) -> Path:
        return self.part.with_suffix(".etag")

    def _here(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, until: float) -> None:
        if self._here() > self.size:
            self.discard()
        if self._here() == self.size:
            return
        try:
            answer = self._opener.open(self._request(), timeout=self.limits.silence_s)
        except urllib.error.HTTPError as error:
            self._refused(error)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, socket.gaierror):  # no name service: waiting a little does not help
                raise ModelError(f"{self.url}: cannot be reached: {reason.strerror}; {OFFLINE}") from None
            raise _BrokenOffError(f"cannot be reached: {reason}") from None
        else:
            with answer:
                self._receive(answer, until)

    def _request(self) -> urllib.request.Request:
        headers = {"User-Agent": f"edged/{__version__}"}
        if here := self._here():
            headers["Range"] = f"bytes={here}-"
            if self._etag.exists() and is_strong(etag := self._etag.read_text(encoding="ascii", errors="replace")):
                headers["If-Range"] = etag
        return urllib.request.Request(self.url, headers=headers)  # noqa: S310  # is_safe saw to its scheme

    def _refused(self, error: urllib.error.HTTPError) -> None:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.discard()
        elif error.code not in {408, 429} and error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ModelError(
                f"{self.url}: {error.code} {error.reason}: it cannot be had from there; "
                "`--mirror DIR|URL` takes it from elsewhere"
            ) from None
        raise _BrokenOffError(f"{error.code} {error.reason}") from None

    def _receive(self, answer: Any, until: float) -> None:
        """Append what comes; from the start where the server ignores Range or its file has changed."""
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            self.discard()
        elif first_byte(answer.headers.get("Content-Range", "")) != self._here():
            self.discard()
            raise _BrokenOffError(f"answered with another part: {answer.headers.get('Content-Range')!r}")
        if is_strong(etag := answer.headers.get("ETag", "")):
            self._etag.write_text(etag, encoding="ascii")
        here = self._here()
        with self.part.open("ab") as file:
            while here <= self.size and (chunk := self._read(answer, until)):
                here += len(chunk)
                if here <= self.size:
                    file.write(chunk)
                    self.progress(here)
        if here > self.size:
            self.discard()
            raise ModelError(f"{self.url}: is longer than its card's {self.size} bytes; nothing of it was kept")
        if here < self.size:
            raise _BrokenOffError(f"ended after {here} of {self.size} bytes")

    def _read(self, answer: Any, until: float) -> bytes:
        if time.monotonic() > until:
            raise _BrokenOffError(f"took longer than {self.limits.whole_s:g} s")
        try:
            chunk: bytes = answer.read1(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOffError(f"broke off: {error}") from None
        return chunk


def is_strong(etag: str) -> bool:
    """Whether it is an ETag that may stand in If-Range (RFC 9110, 13.1.5): a weak one may not."""
    return re.fullmatch(r'"[!\x23-\x7e]*"', etag) is not None


def first_byte(content_range: str) -> int | None:
    """``bytes 100-999/1000`` -> 100; None where it is not of that form."""
    match = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]+/(?:[0-9]+|\*)", content_range)
    return int(match[1]) if match else None

"""Cameras without hardware: a real RTSP server, a real MJPEG server, and video files."""

import base64
import shutil
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from tests.broker import free_port

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
"""The one that has gi (GStreamer)."""
PROBE = """
import gi, sys
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
sys.exit(not all(map(Gst.ElementFactory.find, ("videotestsrc", "x264enc", "rtph264pay"))))
"""
FPS = 20


def missing() -> str:
    """What this machine lacks to run an RTSP server; empty where nothing is missing."""
    if shutil.which(SYSTEM_PYTHON) is None:
        return f"{SYSTEM_PYTHON} is not there: no RTSP server"
    if subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False).returncode:
        return "no RTSP server: python3-gi, gir1.2-gst-rtsp-server-1.0 or gstreamer1.0-plugins-* are not installed"
    return ""


def moving(number: int, width: int = 320, height: int = 240) -> np.ndarray:
    """A picture with detail in it, unlike the one before: a slope, and a bright block that goes across."""
    row = np.linspace(40, 200, width, dtype=np.uint8)
    picture = np.repeat(np.tile(row, (height, 1))[:, :, None], 3, axis=2)
    left = number * 7 % (width - 40)
    picture[height // 3 : height // 2, left : left + 40] = (30, 220, 250)
    return picture


def jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


def write_video(path: Path, pictures: list[np.ndarray], fps: float = FPS) -> Path:
    """A file (Motion JPEG in .avi) with these pictures."""
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), fps, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


class RtspCamera:
    """GStreamer's RTSP server in a process of its own: it can be frozen, killed and started again."""

    def __init__(self, pattern: str = "ball", username: str = "", password: str = "") -> None:
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
        self._arguments = [str(self.port), pattern, *([username, password] if username else [])]
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def freeze(self) -> None:
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.communicate(timeout=5)
            self._server = None

    def restart(self) -> None:
        """Start the server (again), and wait until it listens."""
        self.kill()
        command = [SYSTEM_PYTHON, str(SERVER), *self._arguments]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._server.stdout.readline() == b"up\n", "the RTSP server does not start"


class MjpegCamera:
    """Motion JPEG over HTTP, as cheap cameras send it. ``show`` changes what it sees; None: it says nothing more."""

    def __init__(self, username: str = "", password: str = "", fps: float = FPS) -> None:
        self._login = base64.b64encode(f"{username}:{password}".encode()).decode() if username else ""
        self._fps = fps
        self._frozen: bytes | None = None
        self._silent = False
        self.asked = 0  # for pictures, with the right password
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/video.mjpg"
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def show(self, picture: np.ndarray) -> None:
        """This picture, again and again."""
        self._frozen, self._silent = jpeg(picture), False

    def move(self) -> None:
        """Pictures that differ."""
        self._frozen, self._silent = None, False

    def fall_silent(self) -> None:
        """The connection stays, nothing comes."""
        self._silent = True

    def kill(self) -> None:
        """The server is gone, and its connections with it."""
        if self._server is not None:
            self._over.set()
            self._server.shutdown()
            self._server.server_close()  # waits for the connections' threads
            self._server = None

    def restart(self) -> None:
        self.kill()
        self._over = over = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera._answer(self, over)

            def log_message(self, *_: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = False
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mjpeg-camera", daemon=True).start()

    def _answer(self, request: BaseHTTPRequestHandler, over: threading.Event) -> None:
        if self._login and request.headers.get("Authorization") != f"Basic {self._login}":
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
            return
        if request.path.partition("?")[0] != "/video.mjpg":
            request.send_error(404)
            return
        self.asked += 1
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        request.end_headers()
        number = 0
        while not over.wait(1 / self._fps):
            number += 1
            try:
                if not self._silent:
                    request.wfile.write(self._part(number))
            except OSError:
                return

    def _part(self, number: int) -> bytes:
        content = self._frozen or jpeg(moving(number))
        return b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(content), content)


def wait_until(true, within_s: float = 5.0) -> float:
    """Until it is so; returns how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, "did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began

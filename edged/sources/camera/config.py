"""CameraConfig: which camera, how it is opened, and what of its picture is looked at."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from edged.areas import Area
from edged.config import SecretFile, Section
from edged.sources.camera.address import SCHEMES, masked
from edged.sources.picture_check import PictureCheckConfig


class CameraConfig(Section):
    """A camera: exactly one of `device`, `url` and `file`."""

    type: Literal["camera"] = "camera"
    device: str | int | None = None
    """A V4L2 device: its number, or its path, such as /dev/v4l/by-id/usb-…, which stays the same after a replug."""
    url: str | None = None
    """A stream: rtsp(s), http(s) with MJPEG, tcp or udp with MPEG-TS; `{username}` and `{password}` are filled in."""
    file: Path | None = None
    """A video file in place of a camera."""
    username: str | None = None
    """For `url`."""
    password_file: SecretFile | None = None
    """File that holds the password for `url`."""
    open_limit_s: float = Field(5.0, ge=0.5, le=60)
    """A stream that has not been opened by then is tried again."""
    read_limit_s: float = Field(2.0, ge=0.2, le=2.5)
    """A stream that gives nothing for so long is lost, and opened again."""
    width: int | None = Field(None, ge=16, le=7680)
    """Asked of a V4L2 device, which takes the nearest it has; null: its own choice."""
    height: int | None = Field(None, ge=16, le=4320)
    """As width."""
    max_fps: float = Field(10.0, ge=0.5, le=240)
    """Frames a second that are looked at, at most; the others cost next to nothing."""
    rotate: Literal[0, 90, 180, 270] = 0
    """Turn the picture clockwise, in degrees, where the camera hangs on its side."""
    crop: Area | None = None
    """Look at this part of the (turned) picture alone; null: all of it."""
    regions: tuple[Area, ...] = Field((), max_length=16)
    """Look at these parts of the (cut) picture alone: all else is black; none: all of it."""
    realtime: bool = True
    """A file at its own pace; false: as fast as it can be read, and a box that cannot keep up skips frames."""
    loop: bool = False
    """A file begins again at its end, for ever."""
    check: PictureCheckConfig = PictureCheckConfig()

    @property
    def live(self) -> bool:
        """Whether it shows what is there now."""
        return self.file is None

    @property
    def opening_s(self) -> float:
        """How long it may take until the first frame: a refusal takes its time to be explained."""
        return self.open_limit_s + 3

    @model_validator(mode="after")
    def _is_one_thing(self) -> "CameraConfig":
        named = [name for name in ("device", "url", "file") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"{' and '.join(named) or 'nothing'} is named; name exactly one of device, url and file")
        return self

    @model_validator(mode="after")
    def _url_can_be_opened(self) -> "CameraConfig":
        """Never says what stands in the URL: it may be a secret."""
        if self.url is None:
            if self.username or self.password_file:
                raise ValueError("username and password_file are only used with url")
            return self
        remedy = "write the password to a file, name that in password_file, and the user in username"
        if masked(self.url) != self.url:
            raise ValueError(f"url: holds a user name or password; {remedy} ({{password}} in the URL stands for it)")
        if not re.fullmatch(r"[!-~]+", self.url):
            raise ValueError("url: must be without blanks and letters beyond ASCII; write those as %XX")
        try:
            parts = urlsplit(self.url)
            complete = parts.scheme in SCHEMES and parts.hostname and (parts.port or parts.scheme not in {"tcp", "udp"})
        except ValueError:
            complete = False
        if not complete:
            raise ValueError(f"url: must be <scheme>://host:port/path, with one of {', '.join(SCHEMES)}")
        return self

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> "CameraConfig":
        if self.password_file and not self.username and "{password}" not in (self.url or ""):
            raise ValueError("username is missing: password_file is only used with one")
        return self

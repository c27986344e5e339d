"""Camera: a V4L2 device, an RTSP, MJPEG or MPEG-TS stream, or a video file, through OpenCV."""

from edged.sources.camera.camera import Camera
from edged.sources.camera.config import CameraConfig

__all__ = ["Camera", "CameraConfig"]

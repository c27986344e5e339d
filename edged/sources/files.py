"""Files: whether one that a person named can be read, and how it is named to people and to OpenCV."""

from pathlib import Path

from edged.errors import RecordingError


def shown(path: Path) -> str:
    """The path, on one line whatever is in its name."""
    return str(path) if str(path).isprintable() else repr(str(path))


def must_be_readable(path: Path) -> None:
    """RecordingError where a file is not there, none, empty, or not for us. Nothing waits for a pipe."""
    try:
        if not path.is_file():
            raise RecordingError(f"{shown(path)}: " + ("is not a file" if path.exists() else "no such file"))
        with path.open("rb") as file:
            if not file.read(1):
                raise RecordingError(f"{shown(path)}: is empty (0 bytes)")
    except OSError as error:
        raise RecordingError(f"{shown(path)}: cannot be read: {error.strerror}") from None


def is_utf8(path: Path) -> bool:
    """Whether OpenCV can take the whole name: any other ends the process (OpenCV 5.0)."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return False
    return True


def opencv_name(path: Path) -> str:
    """The whole name, as OpenCV may be given it. RecordingError where it is none that :func:`is_utf8`."""
    if not is_utf8(path):
        raise RecordingError(f"{shown(path)}: its name is not UTF-8; rename it")
    return str(path.absolute())

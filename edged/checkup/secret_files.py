"""Which files hold secrets, by what the settings call them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from edged.config.yaml_file import read_yaml
from edged.errors import EdgedError
from edged.settings import Settings
from edged.sinks.clips.config import clips_folder

_SECRET = re.compile(r"(?:password|key|secret|token)_file")
_IS_SECRET = re.compile(r"(?i).*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|credentials?|key)")


class SecretAt(NamedTuple):
    """A file that holds a secret."""

    key: str
    """Of the setting."""
    path: Path
    made: bool = False
    """Whether edged makes it itself when it first needs it."""


def secret_files(settings: Settings) -> list[SecretAt]:
    """Every file with a secret that ``settings`` name, and the keys that edged makes for itself."""
    found = [SecretAt(key, Path(path)) for key, path in _named(settings.model_dump(), "")]
    if settings.gallery.key_file is None:
        found.append(SecretAt("gallery.key_file", settings.gallery.key_path, made=True))
    if settings.clips.key_file is None:
        found.append(SecretAt("clips.key_file", clips_folder(settings.clips) / "key", made=True))
    return found


def in_faulty(file: Path) -> tuple[list[SecretAt], dict[str, str]]:
    """The same of a configuration that cannot be used, and secrets that stand in it themselves, by their key."""
    try:
        content, _, _ = read_yaml(file)
    except EdgedError:
        return [], {}
    files = [SecretAt(key, Path(value)) for key, value in _named(content, "")]
    return files, {key: str(value) for key, value in _named(content, "", _IS_SECRET) if value is not None}


def _named(value: Any, above: str, called: re.Pattern[str] = _SECRET) -> Iterator[tuple[str, Any]]:
    """Keys, whatever is above them, that are so ``called``, with their values."""
    if isinstance(value, list):
        value = {str(place): child for place, child in enumerate(value)}
    if not isinstance(value, dict):
        return
    for name, child in value.items():
        if isinstance(child, dict | list):
            yield from _named(child, f"{above}{name}.", called)
        elif called.fullmatch(str(name)) and child is not None:
            yield f"{above}{name}", child

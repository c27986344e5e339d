"""The settings as a maintainer may see them: what differs from the defaults matters, what is private does not."""

from typing import Any

import yaml

from edged.checkup.box import Box
from edged.sources.camera.address import masked
from edged.support.redactor import REMOVED

PRIVATE = {"username", "password", "site", "location"}
"""Keys whose values are removed wherever they stand."""


def settings_text(box: Box, *, with_labels: bool) -> str:
    """As YAML, read from the configuration and not copied: comments may hold anything. ``labels`` may name people.

    Of a faulty configuration only where it is faulty: neither keys nor values can be trusted to be what they seem.
    """
    if box.faults:
        places = "".join(f"#   line {fault.line}\n" if fault.line else "#   (no line)\n" for fault in box.faults)
        return f"# {box.file}: is faulty, and so it is not shown. The faults are at\n{places}"
    content = _shown(box.settings.model_dump(mode="json"), with_labels=with_labels)
    return f"# {box.file or 'no file: the defaults'}\n" + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _shown(value: Any, key: str = "", *, with_labels: bool) -> Any:
    if value is not None and (key in PRIVATE or (key == "labels" and not with_labels)):
        return REMOVED
    if isinstance(value, dict):
        return {name: _shown(child, name, with_labels=with_labels) for name, child in value.items()}
    if isinstance(value, list):
        return [_shown(child, with_labels=with_labels) for child in value]
    return masked(value) if isinstance(value, str) and "://" in value else value

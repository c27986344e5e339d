"""Looking anew: which devices a PortAudio that starts now would list, told by a process of its own.

``python -m edged.sources.look_anew`` prints the names of those that can record as JSON. PortAudio lists devices once,
as it starts, and cannot start anew while a microphone is open: whether that would be worth it is found out elsewhere.
"""

import json
import logging
import subprocess
import sys

from edged.errors import DeviceLostError
from edged.sources import portaudio

LIMIT_S = 2.0
"""A look that takes longer is given up, before the capture thread is held to be stuck; the next try looks again."""

log = logging.getLogger(__name__)


def device_names() -> list[str]:
    """The devices that can record now; none where no look could be had."""
    command = [sys.executable, "-m", __name__]
    try:
        looked = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True)  # noqa: S603  # ourselves
        names: list[str] = json.loads(looked.stdout.splitlines()[-1])  # drivers may chatter before
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        log.debug("no look at the devices", extra={"reason": repr(error)})
        return []
    return names


def main() -> int:
    """The exit status: 1 where PortAudio does not start."""
    try:
        devices = portaudio.load().query_devices()
    except DeviceLostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    names = [device["name"] for device in devices if device["max_input_channels"] > 0]
    sys.stdout.write(json.dumps(names) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

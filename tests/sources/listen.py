"""Run as a script: listens to a microphone as the daemon does, and tells how it goes in JSON lines on stdout.

``listen.py SAMPLES CONFIG``: samples (float32) are appended to the file SAMPLES; CONFIG is MicrophoneConfig as JSON.
Stops when its standard input ends. A process of its own, because PortAudio reads the environment when it is loaded.
"""

import json
import sys
import threading
import time
from pathlib import Path

from edged.messages.sound import Chunk
from edged.runtime.capture import Capture
from edged.runtime.health import Health
from edged.sources.input_check import InputCheck
from edged.sources.microphone import Microphone, MicrophoneConfig

TICK_S = 1.0


def main(samples: Path, config: MicrophoneConfig) -> None:
    began = time.monotonic()
    health = Health().part("sources.microphone")

    def tell(**facts: object) -> None:
        sys.stdout.write(json.dumps({"at_s": round(time.monotonic() - began, 3), **facts}) + "\n")
        sys.stdout.flush()

    capture = Capture("microphone", Microphone(config), health, InputCheck(config.check, health))
    queue = capture.subscribe(200)
    stop = threading.Event()

    def write() -> None:
        with samples.open("ab", buffering=0) as file:
            for item in queue:
                if isinstance(item, Chunk):
                    file.write(item.samples.tobytes())

    def wait_for_end() -> None:
        sys.stdin.read()
        stop.set()

    for work in (write, wait_for_end):
        threading.Thread(target=work, daemon=True).start()
    capture.start()
    next_tick, told = began, None
    while not stop.wait(0.05):
        if time.monotonic() >= next_tick:
            next_tick += TICK_S
            capture.check()
        part = health.snapshot()
        if told != (now := (str(part.state), [reason.partition(" for ")[0] for reason in part.reasons])):
            told = now
            tell(state=part.state, reasons=part.reasons, counters=part.counters)
    began_stop = time.monotonic()
    capture.stop(1.0)
    tell(state="stopped", took_s=time.monotonic() - began_stop, counters=health.snapshot().counters)


if __name__ == "__main__":
    main(Path(sys.argv[1]), MicrophoneConfig.model_validate_json(sys.argv[2]))

"""Run as a script: listens to the microphones `field` and `gate`, and tells in JSON lines how the latter goes.

``listen_to_two.py SAMPLES``: what `field` gives (float32) is written to the file SAMPLES. Every line has the state of
`gate`, and of `field` its state and how often it was lost and marked a gap. Stops when its standard input ends.
"""

import json
import sys
import threading
from pathlib import Path

from edged.messages.sound import Chunk, Span
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.capture import Capture
from edged.runtime.health import Health
from edged.sources.microphone import Microphone, MicrophoneConfig


def write(queue: BoundedQueue[Chunk], samples: Path, gaps: list[Span]) -> None:
    with samples.open("ab", buffering=0) as file:
        for item in queue:
            if isinstance(item, Chunk):
                file.write(item.samples.tobytes())
                gaps.extend([item.span] if item.gap else [])


def wait_for_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def main(samples: Path) -> None:
    health, gaps, stop, told = Health(), [], threading.Event(), ""
    parts = {name: health.part(f"sources.{name}") for name in ("field", "gate")}
    captures = [
        Capture(name, Microphone(MicrophoneConfig(device=name, chunk_s=0.02)), part) for name, part in parts.items()
    ]
    threading.Thread(target=write, args=(captures[0].subscribe(200), samples, gaps), daemon=True).start()
    threading.Thread(target=wait_for_end, args=(stop,), daemon=True).start()
    for capture in captures:
        capture.start()
    while not stop.wait(0.05):
        field, gate = parts["field"].snapshot(), parts["gate"].snapshot()
        said = {"state": gate.state, "reasons": gate.reasons, "field": field.state, "gaps": len(gaps)}
        said["lost"] = field.counters.get("lost", 0)
        if told != (line := json.dumps(said) + "\n"):
            told = line
            sys.stdout.write(line)
            sys.stdout.flush()
        for capture in captures:
            capture.check()
    for capture in captures:
        capture.stop(1.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

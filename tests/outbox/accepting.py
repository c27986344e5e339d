"""``python -m tests.outbox.accepting FOLDER TIMES LONGEST_S [PORT]``: accept events and be killed at random instants.

Each is forked from this one (which has imported everything), opens the outbox in FOLDER, accepts events of two
pipelines without pause, sends them to the broker at PORT if there is one, and writes what the followers are told to
FOLDER/journal, line by line.
"""

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from edged.messages.event import Phase
from edged.outbox import Outbox, OutboxConfig
from edged.runtime.health import Health
from edged.sinks.mqtt import Mqtt, MqttConfig
from tests.events import an_event

PHASES = (Phase.START, Phase.UPDATE, Phase.UPDATE, Phase.END)


def accept(folder: Path, life: int, ready: int, port: int) -> None:
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    outbox = Outbox(folder / "outbox.sqlite3", OutboxConfig(batch_s=0.01, drain_per_s=100_000))
    outbox.follow(lambda it: os.write(journal, f"{it.seq} {it.id} {it.phase}\n".encode()))
    if port:
        Mqtt(MqttConfig(host="127.0.0.1", port=port), "box", outbox, Health().part("mqtt")).start()
    os.write(ready, b".")
    for number in range(10_000):
        for phase in PHASES:
            outbox(an_event(phase, life * 10_000 + number, pipeline="ab"[number % 2]))
            if port:
                time.sleep(0.002)


def main(folder: Path, times: int, longest_s: float, port: int = 0) -> None:
    rng = random.Random(7)
    for life in range(times):
        theirs, ours = os.pipe()
        if (child := os.fork()) == 0:
            accept(folder, life, ours, port)
            os._exit(0)
        assert select.select([theirs], [], [], 20)[0]
        time.sleep(rng.uniform(0, longest_s))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(theirs)
        os.close(ours)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:]))

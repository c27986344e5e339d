"""``python -m tests.history.recording FOLDER TIMES LONGEST_S``: keep events and be killed at random instants.

Each is forked from this one (which has imported everything), and writes the ids of events to FOLDER/journal once they
are in the history.
"""

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from edged.messages.event import Phase
from tests.history.boxes import Box, a_message

PHASES = (Phase.START, Phase.UPDATE, Phase.END)


def keep(folder: Path, life: int, ready: int) -> None:
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    box = Box(folder, max_events=100_000)
    box.history.step()
    os.write(ready, b".")
    for number in range(10_000):
        for phase in PHASES:
            box.history(a_message(phase, life * 10_000 + number, number + 1))
        box.history.step()
        os.write(journal, f"{life * 10_000 + number}\n".encode())
        box.pass_s(7.0)  # so that upkeep comes between


def main(folder: Path, times: int, longest_s: float) -> None:
    rng = random.Random(7)
    for life in range(times):
        theirs, ours = os.pipe()
        if (child := os.fork()) == 0:
            keep(folder, life, ours)
            os._exit(0)
        assert select.select([theirs], [], [], 20)[0]
        time.sleep(rng.uniform(0, longest_s))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(theirs)
        os.close(ours)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))

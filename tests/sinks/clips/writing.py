"""``python -m tests.sinks.clips.writing FOLDER TIMES LONGEST_S``: keep clips and be killed at random instants.

Each is forked from this one (which has imported everything), opens the store in FOLDER, keeps clips without pause, each
with its end added and feedback given, while there is room for no more than a few, and writes the ids of those that
were kept to FOLDER/journal.
"""

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from edged.messages.event import Phase
from tests.sinks.clips.evidence import EPOCH_S, a_message, a_store, picture, sound


def write(folder: Path, life: int, ready: int) -> None:
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    store, _ = a_store(folder / "clips", max_clips=20, encrypt_sound=bool(life % 2), keep_last=5)
    os.write(ready, b".")
    for number in range(life * 10_000, life * 10_000 + 10_000):
        start, end = (a_message(phase, number, epoch_s=EPOCH_S + number) for phase in (Phase.START, Phase.END))
        contents = [sound(50_000)] if number % 2 else [picture(20_000)]
        store.keep("microphone", {Phase.START: start}, contents)
        os.write(journal, f"{start.id}\n".encode())
        store.add_end(end)
        store.add_feedback(start.id, "correct", None, start.started_at)


def main(folder: Path, times: int, longest_s: float) -> None:
    rng = random.Random(7)
    for life in range(times):
        theirs, ours = os.pipe()
        if (child := os.fork()) == 0:
            write(folder, life, ours)
            os._exit(0)
        assert select.select([theirs], [], [], 20)[0]
        time.sleep(rng.uniform(0, longest_s))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(theirs)
        os.close(ours)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))

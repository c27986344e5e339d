"""The process of a shadow: ``python -m edged.shadow_process FOLDER SAMPLES`` scores windows with the model in FOLDER.

A window is SAMPLES numbers (float32, native order) on standard input, its answer a line of JSON on standard output: the
score of each label. It ends when its input does, so it does not outlive the box.

Why a process: a thread of low priority that holds Python's global lock when it is put aside makes all the others wait.
"""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

from edged.errors import EdgedError
from edged.inference.cpu_model import CpuModel
from edged.messages.sound import Harmonics, HarmonicWindow, Span, Window
from edged.runtime.exchange import Line
from edged.stages.classify_sound import ClassifySound
from edged.stages.compute_log_mel import ComputeLogMel, LogMelConfig

NICE = 10
"""Its priority: it gets what the pipelines leave."""


def serve(folder: Path, samples: int) -> None:
    """Answer until the input ends. ModelError where the model cannot be used."""
    model = CpuModel(folder)
    features = LogMelConfig.model_validate(model.card.parameters.get("features", {}))
    line = Line.start(ComputeLogMel(features)).then(ClassifySound(model))
    size = samples * np.dtype(np.float32).itemsize
    while len(content := sys.stdin.buffer.read(size)) == size:
        window = Window(np.frombuffer(content, np.float32), Span(0.0, samples / features.rate_hz))
        (scored,) = line(HarmonicWindow(window, Harmonics(0.0, 0, 0.0)))
        sys.stdout.write(json.dumps(dict(scored.scores)) + "\n")
        sys.stdout.flush()


def main() -> int:
    """The exit status."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the box, which then closes our input
    try:
        serve(Path(sys.argv[1]), int(sys.argv[2]))
    except EdgedError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A small corpus that is made, not recorded: enough to try the tools on."""

import numpy as np

from edged.evaluation.windows import LabelledWindow
from edged.training.corpus import Recording


def recording(name: str, kind: str, source: str, *, group: str = "", seconds: int = 3) -> Recording:
    random = np.random.default_rng(sum(name.encode()))
    samples = (0.1 * random.standard_normal(seconds * 16000)).astype(np.float32)
    label = "bebop" if kind == "drone" else f"esc_{kind}"
    windows = tuple(LabelledWindow(part, 16000, label, name) for part in samples.reshape(seconds, 16000))
    return Recording(name, group or name, kind, source, label, samples, windows if source == "indoor" else ())


def corpus() -> list[Recording]:
    kinds = ("background", "drone", "helicopter")
    indoor = [recording(f"{kind}{n}", kind, "indoor") for kind in kinds for n in range(30)]
    mixed = [recording(f"mixed_{n}", "drone", "indoor", group=f"background{n}") for n in range(10)]
    outdoor = [
        recording(f"out_{kind}{n}", kind, "outdoor", group=f"g_{kind}{n // 2}") for kind in kinds for n in range(12)
    ]
    return [*indoor, *mixed, *outdoor]

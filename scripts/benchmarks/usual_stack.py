"""The usual stack for this job: librosa's mel-spectrogram in decibels and a plain PyTorch CNN as large as ours."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

from benchmarks import sounds
from benchmarks.timing import always, in_turns, median_ms
from edged.inference.cpu_model import CpuModel
from edged.inference.files.verify import read_verified
from edged.inference.interpreter import make_interpreter
from edged.messages.sound import Samples

BANDS = 128
FRAMES = 32
"""Of one second at 16 kHz with librosa's own hop of 512."""
WIDTHS = (1, 2, 4, 8, 16)
"""Channels of the convolutions, relative to the first."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a network is."""

    parameters: int
    multiplications: int

    def __str__(self) -> str:
        return f"{self.parameters / 1e3:.0f} k parameters, {self.multiplications / 1e6:.1f} M MAC"


def size_of(model: CpuModel) -> Size:
    """Weights, without biases, and multiplications of a TFLite network of convolutions and fully connected layers."""
    content = read_verified(model.folder, model.card, "cpu")
    interpreter = make_interpreter(content, model.card.name, 1)
    shapes = {detail["index"]: [int(n) for n in detail["shape"]] for detail in interpreter.get_tensor_details()}
    parameters = multiplications = 0
    for step in interpreter._get_ops_details():  # noqa: SLF001  # no other way to the operators
        if step["op_name"] not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
            continue
        weights, output = prod(shapes[step["inputs"][1]]), shapes[step["outputs"][0]]
        parameters += weights
        multiplications += weights * prod(output[1:-1])
    return Size(parameters, multiplications)


def size_of_cnn(first: int, classes: int) -> Size:
    """The same of :func:`cnn`."""
    channels = [1, *(first * width for width in WIDTHS)]
    parameters = multiplications = 0
    for level, (before, after) in enumerate(pairwise(channels)):
        parameters += 9 * before * after
        multiplications += 9 * before * after * (BANDS >> level) * (FRAMES >> level)
    last = channels[-1] * classes
    return Size(parameters + last, multiplications + last)


def cnn(first: int, classes: int) -> Any:
    """Five times convolution, ReLU and pooling; then the mean, and one fully connected layer."""
    from torch import nn

    channels = [1, *(first * width for width in WIDTHS)]
    layers: list[Any] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], classes)).eval()


def nearest_to(size: Size, classes: int) -> int:
    """Channels of the first convolution of the network whose parameters are nearest in number."""
    return min(range(1, 65), key=lambda first: abs(size_of_cnn(first, classes).parameters - size.parameters))


def usual_stack(size: Size, classes: int, threads: int | None = 1) -> tuple[Callable[[Samples], Any], Size]:
    """One window -> scores, as most projects have it; and how large its network is. Threads None: torch's default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa
        import torch
    if threads:
        torch.set_num_threads(threads)
    first = nearest_to(size, classes)
    network = cnn(first, classes)

    def score(samples: Samples) -> Any:
        energies = librosa.feature.melspectrogram(y=samples, sr=16000, n_mels=BANDS)
        picture = torch.from_numpy(librosa.power_to_db(energies)).reshape(1, 1, BANDS, -1)
        with torch.no_grad():
            return torch.softmax(network(picture), dim=1).numpy()

    return score, size_of_cnn(first, classes)


def all_threads_ms(size: Size, classes: int) -> float:
    """Median of the same with as many threads as the libraries take by themselves, in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.usual_stack", str(size.parameters), str(classes))
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    return float(subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True).stdout)


def librosa_log_mel(rate_hz: int, frame: int, hop: int, fft: int, bands: int) -> Callable[[Samples], Any]:
    """Log-mel by librosa, of the same shape as ours."""
    import librosa

    def features(samples: Samples) -> Any:
        return librosa.power_to_db(
            librosa.feature.melspectrogram(
                y=samples, sr=rate_hz, n_fft=fft, win_length=frame, hop_length=hop, n_mels=bands, center=False, htk=True
            )
        )

    return features


if __name__ == "__main__":
    score, _ = usual_stack(Size(int(sys.argv[1]), 0), int(sys.argv[2]), threads=None)
    (took_s,) = in_turns(200, always(lambda: score(sounds.window(sounds.drone()))))
    print(median_ms(took_s))

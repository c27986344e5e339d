"""The usual stack for this job: librosa's mel-spectrogram in decibels and a plain PyTorch CNN, no larger than ours."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

from edged.inference.card import read_verified
from edged.inference.cpu_model import CpuModel
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

    def within(self, other: "Size") -> bool:
        """Neither more parameters nor more multiplications."""
        return self.parameters <= other.parameters and self.multiplications <= other.multiplications

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


def largest_within(size: Size, classes: int) -> int:
    """Channels of the first convolution of the largest such network that is no larger than ``size``."""

    def fitting() -> Iterator[int]:
        yield 1
        yield from (first for first in range(2, 65) if size_of_cnn(first, classes).within(size))

    return max(fitting())


def usual_stack(size: Size, classes: int) -> tuple[Callable[[Samples], Any], Size]:
    """One window -> scores, as most projects have it; and how large its network is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa
        import torch
    torch.set_num_threads(1)
    first = largest_within(size, classes)
    network = cnn(first, classes)

    def score(samples: Samples) -> Any:
        energies = librosa.feature.melspectrogram(y=samples, sr=16000, n_mels=BANDS)
        picture = torch.from_numpy(librosa.power_to_db(energies)).reshape(1, 1, BANDS, -1)
        with torch.no_grad():
            return torch.softmax(network(picture), dim=1).numpy()

    return score, size_of_cnn(first, classes)


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

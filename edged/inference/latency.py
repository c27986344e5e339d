"""Latency: how long a model takes on a device, the first time and warm."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edged.errors import DeviceLostError
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.host_process import HostProcess
from edged.inference.edgetpu.lock import take
from edged.inference.edgetpu.session import OPEN_LIMIT_S, TEST_LIMIT_S
from edged.inference.files.verify import read_verified
from edged.inference.model import zeros


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one inference, as whoever asks sees them."""

    device: str
    runtime: str
    first_ms: float
    """The first: memory is touched, parameters go to the device."""
    median_ms: float
    p90_ms: float
    p99_ms: float
    most_ms: float
    runs: int


def on_cpu(model: CpuModel, runs: int, runtime: str) -> Latency:
    """Of ``runs`` inferences on the CPU."""
    return _measure("cpu", runtime, lambda: model.run(zeros(model.card)), runs)


def on_edgetpu(model: CpuModel, device: str, config: EdgeTpuConfig, runs: int) -> Latency:
    """Of ``runs`` inferences on an Edge TPU, through the host process; DeviceLostError where it cannot be used."""
    content = read_verified(model.folder, model.card, "edgetpu")
    host = HostProcess(config.python, take(device, config.locks))
    try:
        facts = host.open(device, config.library, config.options, OPEN_LIMIT_S)
        channel = host.load(device, model.card.name, model.card, content, OPEN_LIMIT_S)
        try:
            inputs = zeros(model.card)
            return _measure(device, str(facts["runtime"]), lambda: channel.run(inputs, TEST_LIMIT_S), runs)
        finally:
            channel.close()
    except DeviceLostError as error:
        raise DeviceLostError(f"{device}: {error}") from None
    finally:
        host.close(1.0)


def _measure(device: str, runtime: str, ask: Callable[[], object], runs: int) -> Latency:
    took_ms = []
    for _ in range(runs + 1):
        began_s = time.perf_counter()
        ask()
        took_ms.append((time.perf_counter() - began_s) * 1e3)
    median, p90, p99, most = np.percentile(took_ms[1:], (50, 90, 99, 100)).tolist()
    return Latency(device, runtime, took_ms[0], median, p90, p99, most, runs)

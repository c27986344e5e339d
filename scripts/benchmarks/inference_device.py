"""An Edge TPU that is none: edged's own classes on the stand-in for libedgetpu that the tests break and mend."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.inference_bare import Bare
from benchmarks.inference_models import question
from benchmarks.timing import timed
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.device import EdgeTpu, retry_s
from edged.inference.failover import FailoverModel
from edged.inference.model import Model
from edged.runtime.health import Health
from tests.inference.edgetpu.stand_in import StandIn

logging.getLogger("edged").addHandler(logging.NullHandler())  # what happens to the device here is no news
LIMIT_S = 30.0
"""Nothing here takes longer to happen."""
POLL_S = 0.001


def wait_until(condition: Callable[[], object], what: str) -> None:
    """TimeoutError that says ``what`` did not happen in time."""
    until_s = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > until_s:
            raise TimeoutError(f"waited {LIMIT_S:g} s in vain: {what}")
        time.sleep(POLL_S)


class Device:
    """One watched device. It is not asked for anything before :meth:`start`."""

    def __init__(self, folder: Path, wait_s: Callable[[int], float], config: dict[str, Any]) -> None:
        self.folder, self.stand_in, self._health = folder, StandIn(folder), Health()
        self.said: list[tuple[float, bool]] = []
        """Each change that was announced: when (monotonic), and whether the device is there."""
        given = {"library": self.stand_in.library, "options": self.stand_in.options, "locks": folder} | config
        part = self._health.part("accelerators.usb-0")
        self.tpu = EdgeTpu("usb:0", EdgeTpuConfig.model_validate(given), part, self._announce, wait_s=wait_s)

    def attach(self, cpu: CpuModel) -> FailoverModel:
        """The model as a pipeline has it."""
        return FailoverModel(self.tpu.add(cpu), self._health.part(f"models.{cpu.card.name}"))

    def start(self, *models: Model) -> None:
        """Open the device; returns when each of these has answered from it."""
        self.tpu.start()
        for model in models:
            self.await_answer(model)

    def await_answer(self, model: Model) -> None:
        """Returns when the device is announced and answers for the model."""
        wait_until(lambda: self.is_there() and answers(model), f"{model.card.name} on the device")

    def is_there(self) -> bool:
        """By what was announced last."""
        return bool(self.said) and self.said[-1][1]

    def bare(self, *models: CpuModel) -> Bare:
        """The same twins in the runtime alone; this device's faults and delays are its, too."""
        files = [model.folder / model.card.files["edgetpu"].path for model in models]
        return Bare(self.stand_in.library, self.stand_in.options, files)

    def _announce(self, there: bool) -> None:
        self.said.append((time.monotonic(), there))


def answers(model: Model) -> bool:
    """Whether the device answers for the model, now."""
    return model.run(question(model)).use.device != "cpu"


@contextmanager
def device(wait_s: Callable[[int], float] = retry_s, **config: object) -> Iterator[Device]:
    """A device with ``accelerator.edgetpu`` as in ``config``, in a folder of its own; stopped in the end."""
    with tempfile.TemporaryDirectory() as folder:
        made = Device(Path(folder), wait_s, config)
        try:
            yield made
        finally:
            made.tpu.stop(5.0)


class Pipeline:
    """A thread that asks a model again and again for as long as the context lasts."""

    def __init__(self, model: Model, pause_s: float = 0.0) -> None:
        """``pause_s``: between an answer and the next question."""
        self.took_s: list[float] = []
        """Of each answer."""
        self.by_cpu = 0
        """How many of them the device did not give."""
        self._model, self._pause_s, self._question = model, pause_s, question(model)
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._asking = self._threads.submit(self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._asking.result()
        self._threads.shutdown()

    def _ask(self) -> None:
        while not self._stop.is_set():
            seconds, answer = timed(lambda: self._model.run(self._question))
            self.took_s.append(seconds)
            self.by_cpu += answer.use.device == "cpu"
            if self._pause_s:
                self._stop.wait(self._pause_s)

"""EdgeTpuModel: one model on an Edge TPU, as a pipeline sees it."""

from collections.abc import Sequence
from typing import Protocol

from edged.errors import DeviceLostError
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.channel import Channel, LateError
from edged.inference.model import Answer, Array, check_inputs
from edged.messages.event import ModelUse


class Watcher(Protocol):
    """What a model needs of the device that runs it."""

    name: str

    def look(self) -> None:
        """A reply is overdue."""

    def lost(self, channel: Channel, error: DeviceLostError) -> None:
        """A request on ``channel`` failed."""

    def remove(self, key: str) -> None:
        """The model of that key is not wanted any longer."""


class EdgeTpuModel:
    """Any thread may ask it; whenever the device cannot answer, that is a DeviceLostError."""

    def __init__(self, key: str, device: Watcher, cpu: CpuModel, deadline_s: float) -> None:
        """``key``: its own on the device; ``cpu``: the same model, by which the device's answers are judged."""
        self.card, self.folder, self.cpu = cpu.card, cpu.folder, cpu
        self._key, self._device, self._deadline_s = key, device, deadline_s
        self._limit_s = deadline_s
        self._use = ModelUse(self.card.name, self.card.files["edgetpu"].sha256, device.name)
        self._channel: Channel | None = None

    @property
    def home(self) -> str:
        """The device."""
        return self._device.name

    def run(self, inputs: Sequence[Array]) -> Answer:
        """One inference, as :meth:`CpuModel.run`. LateError when it takes too long, DeviceLostError when it fails."""
        check_inputs(self.card, inputs)
        channel = self._channel
        if channel is None:
            raise DeviceLostError(f"{self._device.name}: is not there")
        try:
            return Answer(channel.run(inputs, self._limit_s), self._use)
        except LateError:
            self._device.look()
            raise
        except DeviceLostError as error:
            self._device.lost(channel, error)
            raise

    def close(self) -> None:
        """The device forgets the model."""
        self._device.remove(self._key)

    def connect(self, channel: Channel | None, warm_s: float = 0.0) -> None:
        """From now on requests go to ``channel``, which takes ``warm_s`` for one; None: the device is not there."""
        self._limit_s = max(self._deadline_s, 3 * warm_s)
        self._channel = channel

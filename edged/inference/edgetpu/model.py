"""EdgeTpuModel: one model on an Edge TPU, as a pipeline sees it."""

import math
import time
from collections.abc import Sequence
from typing import Protocol

from edged.errors import DeviceLostError
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.channel import Channel, LateError
from edged.inference.model import Answer, Array, check_inputs
from edged.inference.turns import NotInTimeError, Turns
from edged.inference.work import Rank, current
from edged.messages.event import ModelUse


class Watcher(Protocol):
    """What a model needs of the device that runs it."""

    name: str
    turns: Turns
    """Whose turn it is there."""

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
        """One inference, as :meth:`CpuModel.run`. LateError when it takes too long, DeviceLostError when it fails.

        Video waits for its turn as long as it is of use, whatever else for as long as an answer may take.
        """
        check_inputs(self.card, inputs)
        self._live_channel()  # nobody waits for a turn on what is not there
        work = current()
        patient = work.source and work.rank is Rank.VIDEO
        until_s = math.inf if patient else time.monotonic() + self._limit_s
        try:
            with self._device.turns.turn(self._key, until_s) as turn:
                left_s = min(self._limit_s, max(0.0, until_s - time.monotonic()))
                outputs, turn.cost_s = self._ask(inputs, left_s, work.rank)
                return Answer(outputs, self._use)
        except NotInTimeError:
            raise LateError(f"{self.card.name}: the device was busy") from None

    def wait_s(self) -> float:
        """How long sound usually waits for its answer beside video; 0 where the device has not been asked by any."""
        ends_s = self._device.turns.video_ends_in_s() if self._channel else None
        return 0.0 if ends_s is None else ends_s + self._device.turns.usual_s(self._key)

    def _live_channel(self) -> Channel:
        if self._channel is None:
            raise DeviceLostError(f"{self._device.name}: is not there")
        return self._channel

    def _ask(self, inputs: Sequence[Array], limit_s: float, rank: Rank) -> tuple[list[Array], float]:
        channel = self._live_channel()
        try:
            return channel.ask(inputs, limit_s, rank)
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

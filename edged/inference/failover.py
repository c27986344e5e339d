"""FailoverModel: the Edge TPU's answer when there is one in time, else the CPU's. It never fails to answer."""

from collections.abc import Sequence

from edged.errors import DeviceLostError
from edged.inference.edgetpu.channel import LateError
from edged.inference.edgetpu.model import EdgeTpuModel
from edged.inference.model import Answer, Array
from edged.inference.work import Rank, current
from edged.messages.health import State
from edged.runtime.health import Part


class FailoverModel:
    """One model in two places. The answer says where it came from."""

    def __init__(self, tpu: EdgeTpuModel, health: Part) -> None:
        """``health`` counts where the answers came from."""
        self.card, self.folder = tpu.card, tpu.folder
        self._tpu, self._cpu, self._health = tpu, tpu.cpu, health
        health.set(State.OK)

    @property
    def home(self) -> str:
        """The accelerator."""
        return self._tpu.home

    def run(self, inputs: Sequence[Array]) -> Answer:
        """One inference, as :meth:`CpuModel.run`.

        Where video uses the device, sound is run where it is sooner done: it does not wait, and swaps no parameters.
        """
        if current().rank is Rank.SOUND and 0.0 < self._cpu.usual_s() < self._tpu.wait_s():
            self._health.count("answers_cpu")
            return self._cpu.run(inputs)
        try:
            answer = self._tpu.run(inputs)
            self._health.count("answers_edgetpu")
            return answer
        except LateError:
            self._health.count("late")
        except DeviceLostError:
            pass  # the device says why it is lost, once, and not at each window
        self._health.count("answers_cpu")
        return self._cpu.run(inputs)

    def close(self) -> None:
        """The device forgets the model."""
        self._tpu.close()

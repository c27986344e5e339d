"""The real pipeline, fed window by window, and the bare interpreter that it is compared with."""

from collections.abc import Callable

from edged.inference.catalogue import Catalogue, ModelsConfig
from edged.inference.cpu_model import CpuModel
from edged.inference.files.verify import read_verified
from edged.inference.interpreter import make_interpreter
from edged.inference.model import Model
from edged.messages.sound import Chunk, Samples, ScoredWindow, Span
from edged.pipelines.drones import DronesConfig, drones
from edged.runtime.health import Health
from edged.sources.microphone import MicrophoneConfig
from edged.stages.cut_windows import CutWindows
from edged.stages.filter_harmonics import FilterHarmonics

MODEL = "drone_sound"


def load_model() -> CpuModel:
    """The shipped model, warm."""
    model = Catalogue(ModelsConfig()).load(MODEL)
    model.warm_up()
    return model


def bare_invoke(model: CpuModel) -> Callable[[], object]:
    """``invoke()`` of a second interpreter of the same model: nothing set, nothing read."""
    interpreter = make_interpreter(read_verified(model.folder, model.card, "cpu"), model.card.name, 1)
    interpreter.invoke()
    invoke: Callable[[], object] = interpreter.invoke
    return invoke


def share_passed(sound: Samples, config: DronesConfig) -> float:
    """The share of a sound's windows that the gate passes."""
    cut, gate = CutWindows(config.windows), FilterHarmonics(config.harmonics)
    windows = list(cut(Chunk(sound, Span(0.0, len(sound) / config.windows.rate_hz))))
    return sum(len(tuple(gate(window))) for window in windows) / len(windows)


class Chain:
    """The drones pipeline with its defaults, fed as the microphone feeds it, from a sound that repeats itself."""

    def __init__(self, model: Model, sound: Samples) -> None:
        """Fed until the first window is out: from then on, each step cuts one window."""
        config = DronesConfig()
        self.events = 0
        self._scored = 0
        self._pipeline = drones(
            "bench", config, (), model, Health().part("bench"), self._count_event, onlooker=self._count_scored
        )
        rate_hz, chunk_s = config.windows.rate_hz, MicrophoneConfig().chunk_s
        size = round(chunk_s * rate_hz)
        self._chunks = [sound[at : at + size] for at in range(0, len(sound) - size + 1, size)]
        self._chunk_s, self._fed = size / rate_hz, 0
        self._per_window = round(config.windows.hop_s / self._chunk_s)
        self._feed(round(config.windows.window_s / self._chunk_s))

    def step(self) -> bool:
        """One window from its chunks to its end in the chain; whether the gate passed it and it was scored."""
        before = self._scored
        self._feed(self._per_window)
        return self._scored > before

    def step_spared(self) -> bool:
        """The same; whether the gate spared it."""
        return not self.step()

    def _feed(self, count: int) -> None:
        for _ in range(count):
            samples = self._chunks[self._fed % len(self._chunks)]
            self._pipeline.feed(Chunk(samples, Span(self._fed * self._chunk_s, (self._fed + 1) * self._chunk_s)))
            self._fed += 1

    def _count_scored(self, _: ScoredWindow) -> None:
        self._scored += 1

    def _count_event(self, _: object) -> None:
        self.events += 1

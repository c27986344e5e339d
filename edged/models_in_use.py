"""ModelsInUse: the models that the pipelines have, where they run, and the shadows beside them."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from edged.inference.accelerators import Accelerators
from edged.inference.catalogue import Catalogue
from edged.inference.model import Model
from edged.messages.health import State
from edged.messages.sound import HarmonicWindow, KnownWindow
from edged.pipelines.drones import DronesConfig, model_stages
from edged.reload import Reloader, Running
from edged.runtime.exchange import Exchange, Line
from edged.runtime.health import Health
from edged.settings import Settings
from edged.trial import make_shadow

STOP_LIMIT_S = 1.0


class ModelsInUse:
    """Loads each model once, however many pipelines use it, and exchanges them while the box runs."""

    def __init__(self, settings: Settings, health: Health, announce: Callable[[str, bool], None]) -> None:
        """``announce``: told of every accelerator that comes or goes."""
        self._settings, self._health = settings, health
        self._catalogue = Catalogue(settings.models)
        self.accelerators = Accelerators(settings.accelerator.edgetpu, health, announce)
        self._loaded: dict[str, Model] = {}
        self._kept: dict[str, Model] = {}
        self._running: dict[str, Running] = {}
        self._reloader: Reloader | None = None

    def load(self, name: str) -> Model:
        """The model, verified, warm on the CPU, and on an accelerator as soon as may be."""
        cpu = self._catalogue.load(name)
        cpu.warm_up()
        self._health.part(f"models.{name}").set(State.OK)
        return self.accelerators.attach(cpu)

    def keep(self, name: str) -> Model:
        """The model, for a pipeline that goes on with it until the box stops."""
        self._kept[name] = self._once(name)
        return self._kept[name]

    def judge(self, name: str, config: DronesConfig, stack: ExitStack) -> Exchange[HarmonicWindow, KnownWindow]:
        """The stages of pipeline ``name`` that depend on its model; ``stack`` stops its shadow."""
        shown_to = []
        if config.shadow:
            shadow = make_shadow(
                name, config, self._shadow(config.shadow), self._health.part(f"models.{config.shadow}")
            )
            shadow.start()
            stack.callback(shadow.stop, STOP_LIMIT_S)
            shown_to.append(shadow)

        def stages(model: Model) -> Line[HarmonicWindow, KnownWindow]:
            return model_stages(name, config, model, *shown_to, health=self._health)

        model = self._once(config.model)
        exchange = Exchange(stages(model))
        self._running[name] = Running(config, model, exchange, stages)
        return exchange

    def start(self, read: Callable[[], Settings], changed: Callable[[], None], stack: ExitStack) -> None:
        """Open the accelerators, in the background, and be ready for :meth:`reload`, which gets what to do by ``read``.

        ``changed`` is called when a pipeline has got another model.
        """
        self.accelerators.start()
        stack.callback(self.accelerators.stop, STOP_LIMIT_S)
        self._reloader = Reloader(
            self._settings,
            self._running,
            read,
            self._find,
            self.load,
            self._health.part("settings"),
            adopt=lambda *_: changed(),
            retire=self._retire,
        )
        self._reloader.start()
        stack.callback(self._reloader.stop, STOP_LIMIT_S)

    def reload(self) -> None:
        """Take up the models that the configuration names now. Returns at once; may be called by a signal's handler."""
        if self._reloader:
            self._reloader.request()

    def in_use(self) -> list[Model]:
        """Each once."""
        models = [*(running.model for running in self._running.values()), *self._kept.values()]
        return list({id(model): model for model in models}.values())

    def _once(self, name: str) -> Model:
        if name not in self._loaded:
            self._loaded[name] = self.load(name)
        return self._loaded[name]

    def _find(self, name: str) -> Path:
        return self._catalogue.folder(name)

    def _shadow(self, name: str) -> Model:
        """Verified; it runs in a process of its own, on the CPU: the accelerator is for what counts."""
        return self._catalogue.load(name)

    def _retire(self, model: Model) -> None:
        if model in self._kept.values():
            return
        model.close()
        if model.card.name not in {each.card.name for each in self.in_use()}:
            self._health.remove(f"models.{model.card.name}")

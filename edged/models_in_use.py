"""ModelsInUse: the models that the pipelines have, where they run, and the shadows beside them."""

import threading
from collections.abc import Callable, Collection
from contextlib import ExitStack
from typing import Any

from edged.errors import ModelError
from edged.inference.accelerators import Accelerators
from edged.inference.catalogue import Catalogue
from edged.inference.model import Model
from edged.messages.health import State
from edged.messages.sound import HarmonicWindow, KnownWindow
from edged.model_exchange import ModelExchange, Running, is_as_loaded
from edged.pipelines.drones import DronesConfig, model_stages
from edged.runtime.exchange import Exchange, Line
from edged.runtime.health import Health
from edged.runtime.shadow import Shadow
from edged.settings import Settings
from edged.trial import make_shadow

STOP_LIMIT_S = 1.0


class ModelsInUse:
    """Loads each model once, however many pipelines use it, and exchanges them while the box runs."""

    def __init__(
        self,
        settings: Settings,
        health: Health,
        announce: Callable[[str, bool], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``announce``: told of every accelerator that comes or goes; ``changed``: when other models are in use."""
        self._health = health
        self.turns = settings.accelerator.turns
        """Taken up with each item."""
        self.catalogue = Catalogue(settings.models)
        self.accelerators = Accelerators(settings.accelerator.edgetpu, health, announce)
        self._lock = threading.RLock()  # enrolment asks for models on threads of its own
        self._kept: list[tuple[str, Model]] = []  # once for each time that it is wanted, by name
        self._shadows: list[Shadow[Any, Any]] = []
        self._shadows_paused = False
        self.running: dict[str, Running] = {}
        """The pipelines whose model can be exchanged, by name."""
        self.exchange = ModelExchange(
            self.running, self.catalogue.folder, self.load, adopt=lambda *_: changed(), retire=self._retire
        )

    def load(self, name: str) -> Model:
        """The model, verified, warm on the CPU, and on an accelerator as soon as may be."""
        cpu = self.catalogue.load(name)
        cpu.warm_up()
        self._health.part(f"models.{name}", needed=True).set(State.OK)
        return self.accelerators.attach(cpu)

    def keep(self, name: str, stack: ExitStack) -> Model:
        """The model, for whoever goes on with it until ``stack`` is closed."""
        with self._lock:
            kept = name, self._once(name)
            self._kept.append(kept)
        stack.callback(self._let_go, kept)
        return kept[1]

    def judge(self, name: str, config: DronesConfig, stack: ExitStack) -> Exchange[HarmonicWindow, KnownWindow]:
        """The stages of pipeline ``name`` that depend on its model; ``stack`` stops its shadow."""
        shown_to = []
        if config.shadow:
            part = self._health.part(f"models.{config.shadow}", needed=False)
            shadow = make_shadow(name, config, self._shadow(config.shadow), part)
            self._shadows.append(shadow)
            shadow.pause(on=self._shadows_paused)
            shadow.start()
            stack.callback(shadow.stop, STOP_LIMIT_S)
            stack.callback(self._shadows.remove, shadow)
            shown_to.append(shadow)

        def stages(model: Model) -> Line[HarmonicWindow, KnownWindow]:
            return model_stages(name, config, model, *shown_to, health=self._health)

        model = self._once(config.model)
        try:
            running = Running(config, model, Exchange(stages(model)), stages)
        except BaseException:  # it does not fit, say
            self.exchange.drop(model)
            raise
        self.running[name] = running
        stack.callback(self._leave, name, running)
        return running.exchange

    def outdated(self, names: Collection[str]) -> bool:
        """Whether a model of these names, in use by :meth:`keep`, has other files in its folder by now."""
        with self._lock:
            return any(name in names and not self._is_current(name, model) for name, model in self._kept)

    def start(self, stack: ExitStack) -> None:
        """Open the accelerators, in the background."""
        self.accelerators.start()
        stack.callback(self.accelerators.stop, STOP_LIMIT_S)

    def pause_shadows(self, on: bool) -> None:
        """Whether the shadows, those to come too, look at nothing for now."""
        self._shadows_paused = on
        for shadow in tuple(self._shadows):
            shadow.pause(on=on)

    @property
    def has_shadows(self) -> bool:
        """Whether any model runs as a shadow."""
        return bool(self._shadows)

    def in_use(self) -> list[Model]:
        """Each once."""
        exchangeable = (running.model for running in list(self.running.values()))
        models = [*exchangeable, *(model for _, model in list(self._kept))]
        return list({id(model): model for model in models}.values())

    def _leave(self, name: str, running: Running) -> None:
        """The pipeline has stopped, or another one has its name."""
        if self.running.get(name) is running:
            del self.running[name]

    def _let_go(self, kept: tuple[str, Model]) -> None:
        """One of those who wanted it has stopped."""
        with self._lock:
            del self._kept[next(place for place, each in enumerate(self._kept) if each is kept)]
        self.exchange.drop(kept[1])

    def _once(self, name: str) -> Model:
        """The one in use, as long as it is what its folder has."""
        kept = [model for its_name, model in list(self._kept) if its_name == name]
        used = [running.model for running in self.running.values() if running.config.model == name]
        return next((model for model in (*kept, *used) if self._is_current(name, model)), None) or self.load(name)

    def _is_current(self, name: str, model: Model) -> bool:
        """So is one whose folder has nothing that could be used in its place."""
        try:
            return is_as_loaded(model.card, self.catalogue.folder(name))
        except ModelError:
            return True

    def _shadow(self, name: str) -> Model:
        """Verified; it runs in a process of its own, on the CPU: the accelerator is for what counts."""
        return self.catalogue.load(name)

    def _retire(self, model: Model) -> None:
        with self._lock:
            if any(model is kept for _, kept in self._kept):
                return
            model.close()
            if model.card.name not in {each.card.name for each in self.in_use()}:
                self._health.remove(f"models.{model.card.name}")

"""Remote: the handlers of all commands, by name."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as TooLate
from typing import Any

from edged import __version__
from edged.changes import Changes
from edged.commands import CommandError, Handler
from edged.control.protocol import Handlers
from edged.inference.accelerators import asked_first
from edged.messages.requests import ModelsRequest, Request, RestartRequest, SetRequest
from edged.messages.wire import HealthMessage, InfoMessage, rfc3339
from edged.models_in_use import ModelsInUse
from edged.reload import Reloader
from edged.remote.evidence import RemoteEvidence
from edged.remote.people import RemotePeople, Sender
from edged.runtime import logs, machine
from edged.settings import PipelineConfig, Settings
from edged.sinks.clips import Clips

PATIENCE_S = 30.0
"""For a change to be carried out: a model is loaded, and a device may be slow."""


class Remote:
    """The handlers by name, put together from the parts of a running box."""

    def __init__(
        self,
        read: Callable[[], Settings],
        changes: Changes,
        reloader: Reloader,
        models: ModelsInUse,
        people: Callable[[], Handlers],
        clips: Callable[[], Clips | None],
        health: Callable[[], HealthMessage],
        info: Callable[[], InfoMessage],
        restart: Callable[[], None],
    ) -> None:
        """``read``: the settings, changes included; ``restart``: begin anew with the whole box, returns at once."""
        self._read, self._changes, self._reloader, self._models = read, changes, reloader, models
        self._people, self._evidence = RemotePeople(people), RemoteEvidence(clips)
        self._health, self._info, self._restart = health, info, restart

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """By the commands' names."""
        return {
            "ping": self.ping,
            "health": self.health,
            "restart": self.restart,
            "set": self.set,
            "models": self.models,
            "people": self._people,
            "clip": self._evidence.clip,
            "feedback": self._evidence.feedback,
            "diagnose": self.diagnose,
        }

    def ping(self, _request: Request) -> dict[str, Any]:
        """That it is there."""
        return {"at": rfc3339(time.time()), "version": __version__}

    def health(self, _request: Request) -> HealthMessage:
        """As on ``health``, now."""
        return self._health()

    def restart(self, request: RestartRequest) -> dict[str, Any]:
        """The answer comes before a restart of the whole box, and after that of a pipeline."""
        if request.part == "daemon":
            self._restart()
        else:
            self._pipeline(request.part)
            self._wait(self._reloader.restart(request.part))
        return {"restarted": request.part}

    def set(self, request: SetRequest) -> dict[str, Any]:
        """What the pipeline is now set to."""
        config, above = self._pipeline(request.pipeline), f"pipelines.{request.pipeline}"
        keys = {
            "threshold": f"{above}.{config.THRESHOLD}",
            "enabled": f"{above}.enabled",
            "quiet_until": f"{above}.publish.quiet_until",
        }
        said = request.model_dump(include=request.model_fields_set & keys.keys())
        return self._change(request.pipeline, {keys[name]: value for name, value in said.items()}, request)

    def models(self, request: ModelsRequest) -> dict[str, Any]:
        """Which models there are and are in use; or what a pipeline is told to use."""
        if request.action == "list":
            devices = self._models.accelerators.devices
            used = {model.card.name: asked_first(model, devices) for model in self._models.in_use()}
            names = self._models.catalogue.names()
            return {"models": [{"name": name, "in_use_on": used.get(name)} for name in names]}
        name = str(request.pipeline)
        if not hasattr(self._pipeline(name), "model"):
            raise CommandError(f"pipelines.{name}: has several models; name them in the configuration, and reload it")
        key = f"pipelines.{name}.model"
        model = request.model if request.action == "use" else self._changes.earlier(key)
        return self._change(name, {key: model}, request)

    def diagnose(self, _request: Request) -> dict[str, Any]:
        """What a maintainer asks first."""
        return {
            "info": self._info().model_dump(mode="json"),
            "health": self._health().model_dump(mode="json"),
            "resident_bytes": machine.resident_bytes(),
            "threads": sorted(thread.name for thread in threading.enumerate()),
            "open_files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # names alone
            "load": list(os.getloadavg()),
            "warnings": logs.recent(),
        }

    def _pipeline(self, name: str) -> PipelineConfig:
        pipelines = self._read().pipelines
        if name not in pipelines:
            raise CommandError(f"pipeline {name!r}: there is none; there are: {', '.join(pipelines) or 'none'}")
        return pipelines[name]

    def _change(self, name: str, values: Mapping[str, Any], request: Request) -> dict[str, Any]:
        """Have these keys changed for good, or not at all."""
        undo = self._changes.set(self._read(), values, Sender(request.transaction).by)
        refused = self._wait(self._reloader.reload())
        if why := refused.get(name):
            undo()
            self._wait(self._reloader.reload())
            raise CommandError(why)
        return {"changed": dict(values)}

    def _wait(self, future: Any) -> Any:
        try:
            return future.result(PATIENCE_S)
        except TooLate:
            raise CommandError(f"not done within {PATIENCE_S:g} s; it goes on, `health` tells how") from None

"""Serving: the control socket of a box, which runs on without it where it cannot be made."""

import logging
from contextlib import ExitStack

from edged.control.config import ControlConfig
from edged.control.protocol import ControlError, Handlers
from edged.control.server import Server
from edged.messages.health import State
from edged.runtime.health import Part

STOP_LIMIT_S = 1.0

log = logging.getLogger(__name__)


def serve(config: ControlConfig, handlers: Handlers, health: Part, stack: ExitStack) -> None:
    """Answer at the socket until ``stack`` is closed. Where that cannot be, health says why and what to do."""
    if not config.enabled:
        health.set(State.OFF)
        return
    server = Server(config, handlers)
    try:
        server.start()
    except ControlError as error:
        log.warning("no control socket", extra={"reason": str(error)})
        health.set(State.DEGRADED, str(error))
    else:
        stack.callback(server.stop, STOP_LIMIT_S)
        health.set(State.OK)

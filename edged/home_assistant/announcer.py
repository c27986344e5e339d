"""Announcer: decides when Home Assistant is told of the box, told again, and told that something is gone."""

import logging
import math
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from edged.home_assistant.box import Box
from edged.home_assistant.config import HomeAssistantConfig
from edged.home_assistant.discovery import Announcement, announcement, encode, read, without

LEARN_S = 3.0
"""After a connection: by then the broker has said what it holds."""
JITTER_S = 5.0
"""Home Assistant has just started: not all boxes answer at once."""
PAUSE_S = 5.0
"""Between two announcements, at least."""
MOST_HEARD = 8
MOST_SHOWN = 200
"""Entities of earlier announcements that are remembered, to be removed."""
ONLINE = b"online"
PROOFS = ("device/+/config", "binary_sensor/+/connection_state/config")
"""Below the prefix, where others announce: devices as a whole, and every Zigbee2MQTT one thing.

Not all that is announced (``+/+/config``): the broker would bring thousands of messages at every connection.
"""

_uniform = secrets.SystemRandom().uniform
log = logging.getLogger(__name__)


class Heard(Protocol):
    """A message that the broker brought."""

    @property
    def payload(self) -> bytes:
        """As it came."""

    @property
    def retained(self) -> bool:
        """It was said before we asked, and the broker kept it."""


Listen = Callable[[str, Callable[[Heard], None]], None]


class Announcer:
    """Makes what the broker holds equal to what the box has; learns what was announced earlier from the broker itself.

    What arrives is only noted, on whichever thread; :meth:`tick` does the rest, on one. An announcement that somebody
    deletes at the broker stays so until Home Assistant starts or the box connects anew.
    """

    def __init__(
        self,
        config: HomeAssistantConfig,
        device: str,
        box: Callable[[], Box],
        listen: Listen,
        retain_at: Callable[[str, bytes], None],
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = _uniform,
    ) -> None:
        """``listen`` is asked at once; ``retain_at`` sends what is news and has the broker keep it."""
        self._config, self._box, self._retain_at = config, box, retain_at
        self._clock, self._uniform = clock, uniform
        self._topic = config.topic(device)
        self._heard: deque[bytes] = deque(maxlen=MOST_HEARD)
        self._in_use, self._born = config.enabled is True, False
        self._changed = True
        self._wanted: Announcement | None = None
        self._held, self._sent, self._ours, self._others = b"", b"", False, False
        self._shown: dict[str, str] = {}  # entities that Home Assistant may have, whether or not they are still held
        self._ready_s, self._again_s, self._next_s = math.inf, math.inf, -math.inf
        listen(self._topic, self._hear_announcement)
        if config.enabled:
            listen(config.status_topic, self._hear_home_assistant)
        for proof in PROOFS if config.enabled == "auto" else ():
            listen(f"{config.prefix}/{proof}", self._hear_others)

    def connected(self) -> None:
        """There is a broker: listen to it for a moment first."""
        self._ready_s = self._clock() + LEARN_S

    def refresh(self) -> None:
        """The box has got something, or has something no longer."""
        self._changed = True

    def withdraw(self) -> None:
        """Take our announcement back, and say no more: from now on it is made elsewhere."""
        self._ready_s = math.inf
        if self._ours or self._sent:
            self._retain_at(self._topic, b"")

    def tick(self) -> None:
        """Call it every second: announce what is due."""
        now_s = self._clock()
        while self._heard:
            self._learn(self._heard.popleft())
        if self._born:
            self._born, self._again_s = False, now_s + self._uniform(0.0, JITTER_S)
        if self._others or now_s < max(self._ready_s, self._next_s):
            return
        if self._config.enabled is False:
            if self._ours:
                self._send(b"", now_s)
        elif self._in_use:
            self._announce(now_s)

    def _hear_announcement(self, message: Heard) -> None:
        self._heard.append(message.payload)

    def _hear_home_assistant(self, message: Heard) -> None:
        self._in_use = self._in_use or bool(message.payload)  # where it says goodbye, it will be back
        self._born = self._born or (message.payload == ONLINE and not message.retained)

    def _hear_others(self, message: Heard) -> None:
        self._in_use = self._in_use or bool(message.payload)

    def _learn(self, payload: bytes) -> None:
        """Take in what the broker holds now, be it our own word that came back."""
        held = read(payload)
        if held.others and not self._others:
            log.warning("another program announces this device to Home Assistant", extra={"topic": self._topic})
        self._held, self._ours, self._others = payload, held.ours, held.others
        self._in_use = self._in_use or (held.ours and self._config.enabled == "auto")
        for key in held.removed:
            self._shown.pop(key, None)
        for key, platform in held.platforms.items():
            if len(self._shown) < MOST_SHOWN:
                self._shown[key] = platform

    def _announce(self, now_s: float) -> None:
        if self._changed or self._wanted is None:
            self._changed, self._wanted = False, announcement(self._box())
            if self._wanted.left_out:
                log.warning("too much for Home Assistant", extra={"entities_left_out": self._wanted.left_out})
        there = self._wanted.platforms
        gone = {key: platform for key, platform in self._shown.items() if there.get(key) != platform}
        payload = encode(without(self._wanted, gone))
        if now_s >= self._again_s:
            self._again_s = math.inf
            self._send(payload + b"\n" if payload == self._sent else payload, now_s)  # what is no news is not sent
        elif payload != self._held.rstrip() or not self._sent:  # once at least, for brokers that are yet to come
            self._send(payload, now_s)

    def _send(self, payload: bytes, now_s: float) -> None:
        self._next_s, self._sent = now_s + PAUSE_S, payload
        self._retain_at(self._topic, payload)

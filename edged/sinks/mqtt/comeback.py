"""Comeback: when to connect again, and whether another box goes by our name."""

from edged.runtime.health import Part
from edged.sinks.mqtt.answers import TAKEN_OVER, Uniform, jitter_s, uniformly

STEADY_S = 5.0
"""A connection that lasted so long was a good one: the next pause is a short one again."""
MOST_HANG_UPS = 4
"""After so many in a row without a word, each soon after a connection, another box is suspected."""
CALM_S = 120.0
"""A connection that lasts so long shows that no other box is there (any more)."""
SURE = "another box uses the name {name}"
PERHAPS = "the broker hangs up again and again; perhaps another box uses the name {name}"


class Comeback:
    """Pauses: short after a good connection, longer after each try in vain, long where two boxes throw each other out.

    A broker keeps one connection by one name. With MQTT 5 it should say so when it ends one for another; with 3.1.1,
    and where it is mosquitto 2.0.11, it just hangs up. Health tells.
    """

    def __init__(self, name: str, max_s: float, health: Part, uniform: Uniform = uniformly) -> None:
        """``name``: the device's; ``max_s``: the longest pause."""
        self._name, self._max_s, self._health, self._uniform = name, max_s, health, uniform
        self._tries, self._hang_ups = 0, 0
        self._tell("")

    def lost(self, lasted_s: float, code: int | None, *, hung_up: bool) -> None:
        """A connection is over; ``code``: the broker's reason, if it gave one; ``hung_up``: for no reason we know."""
        if lasted_s > STEADY_S:
            self._tries = 0
        soon = lasted_s < max(STEADY_S, self._max_s)
        self._hang_ups = self._hang_ups + 1 if hung_up and soon else 0
        if code == TAKEN_OVER:
            self._tell(SURE)
        elif self._hang_ups >= MOST_HANG_UPS and not self._rival:
            self._tell(PERHAPS)

    def failed(self) -> None:
        """There was no connection."""
        self._hang_ups = 0

    def lasting(self, for_s: float) -> None:
        """A connection has lasted for so long and goes on."""
        if self._rival and for_s > max(CALM_S, 2 * self._max_s):
            self._hang_ups = 0
            self._tell("")

    def pause_s(self) -> float:
        """How long to wait before the next try."""
        self._tries += 1
        if self._rival:
            return self._uniform(0.0, self._max_s)
        return jitter_s(self._tries, self._max_s, self._uniform)

    def _tell(self, rival: str) -> None:
        self._rival = rival
        for words in (SURE, PERHAPS):
            self._health.condition(words.format(name=self._name), on=words == rival)

"""Inbox: hands what arrives to whoever asked for it."""

import logging
from collections.abc import Collection

from paho.mqtt.client import topic_matches_sub

from edged.runtime.health import Part
from edged.sinks.mqtt.arrived import Arrived, Handler

log = logging.getLogger(__name__)


class Inbox:
    """Who asked for what. Nothing waits here: a handler is called as the message arrives."""

    def __init__(self, health: Part) -> None:
        self._health = health
        self._handlers: list[tuple[str, Handler]] = []
        self._told: set[object] = set()  # what is in the log already, so that a flood does not fill it

    @property
    def filters(self) -> list[str]:
        """What to subscribe to, in the order in which it was asked for; each once."""
        return list(dict.fromkeys(topic_filter for topic_filter, _ in self._handlers))

    def listen(self, topic_filter: str, handler: Handler) -> None:
        """Have ``handler`` called with what matches; a fault of its own costs one message."""
        self._handlers.append((topic_filter, handler))

    def forget(self, topic_filters: Collection[str]) -> None:
        """Nobody listens to these any longer."""
        self._handlers = [each for each in self._handlers if each[0] not in topic_filters]

    def take(self, arrived: Arrived) -> None:
        """Hand it out. Never raises."""
        for topic_filter, handler in self._handlers:
            if topic_matches_sub(topic_filter, arrived.topic):
                self._hand(arrived, topic_filter, handler)

    def too_long(self, topic: str) -> None:
        """A message was thrown away for its length."""
        self._health.count("oversized")
        self._tell("oversized", "a message that is too long was thrown away; more are only counted", topic=topic[:200])

    def refused(self, topic_filter: str, reason: str) -> None:
        """The broker lets us not subscribe."""
        self._health.count("subscriptions_refused")
        log.warning("broker refuses a subscription", extra={"topic": topic_filter, "reason": reason})

    def _hand(self, arrived: Arrived, topic_filter: str, handler: Handler) -> None:
        try:
            handler(arrived)
        except Exception:  # a bug in what handles one message must not end the connection for all
            self._health.count("handler_faults")
            self._tell(handler, "a fault of edged's own in what handles a topic", fault=True, topic=topic_filter)

    def _tell(self, what: object, text: str, *, fault: bool = False, **extra: str) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning(text, exc_info=fault, extra=extra)

"""Door: looks at each message before it is read, at next to no cost, so that a flood stays outside."""

import re
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from edged.commands.config import CommandsConfig
from edged.config import SLUG
from edged.messages.requests import REQUESTS
from edged.runtime.token_bucket import TokenBucket

MOST_BYTES = 16 * 2**10
"""Of a request."""
REFUSALS_PER_S, REFUSALS_AT_ONCE = 1.0, 5
"""So many of the messages that are refused here are answered; a flood of them costs nothing more than counting."""


class Refusal(NamedTuple):
    """Why a message is not let in."""

    text: str
    flood: bool = False
    """It came too soon after others: there is nothing wrong with it otherwise."""


class Door:
    """Lets in what is allowed, small enough and not too often. One thread only."""

    def __init__(
        self,
        config: CommandsConfig,
        served: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``served``: the commands that this box can carry out."""
        self._config, self._served = config, served
        per_s = config.per_minute / 60
        self._buckets = {command: TokenBucket(per_s, config.burst, clock) for command in config.allowed}
        self._answers = TokenBucket(REFUSALS_PER_S, REFUSALS_AT_ONCE, clock)

    def look(self, command: str, size_bytes: int, *, retained: bool) -> Refusal | None:
        """Why the message is not let in; None where it is."""
        if closed := self._closed(command):
            return Refusal(closed)
        if retained:
            return Refusal("is retained, and nothing that is retained is carried out; publish it without that flag")
        if size_bytes > MOST_BYTES:
            return Refusal(f"has {size_bytes:,} bytes, must have at most {MOST_BYTES:,}")
        if not self._buckets[command].take():
            return Refusal(f"came more than {self._config.per_minute:g} times a minute; ask again later", flood=True)
        return None

    def may_answer(self, command: str) -> bool:
        """Whether a refusal is to be answered: its topic must be a name, and not too many were answered of late."""
        return re.fullmatch(SLUG, command[:64]) is not None and self._answers.take()

    def _closed(self, command: str) -> str:
        """Why the command cannot be asked at all; empty where it can."""
        if command not in REQUESTS:
            return f"there is no such command; there are {', '.join(REQUESTS)}"
        if command not in self._buckets:
            return f"is not allowed here; commands.{command}: true in the configuration allows it"
        return "" if command in self._served else "this box has nothing that could do it"

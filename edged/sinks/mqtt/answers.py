"""What the broker's reason codes mean for a message. MQTT 5, table 2-6."""

import secrets
from collections.abc import Callable
from enum import Enum, auto

QUOTA_EXCEEDED = 0x97
TAKEN_OVER = 0x8E
"""Another client goes by our name."""
PASSING = {0x80, 0x83, 0x91}
"""Unspecified and implementation-specific errors, and a packet identifier in use: another try may do."""
MOST_TRIES = 5
"""With such an error; then the message is refused for good. A quota is waited for as long as it takes."""

NO_FAULT_OF_A_MESSAGE = {0x89, 0x8B, 0x8D, TAKEN_OVER, 0x96, QUOTA_EXCEEDED, 0x98, 0x9C, 0x9D, 0x9F, 0xA0}
"""Reasons to end a connection that lie with the broker or with the connection itself."""

Uniform = Callable[[float, float], float]
uniformly: Uniform = secrets.SystemRandom().uniform


class Verdict(Enum):
    """What is to become of a message."""

    DONE = auto()
    AGAIN = auto()
    REFUSED = auto()


def verdict(code: int, tries: int) -> Verdict:
    """By the code of the broker's answer (0: it has it) to so many tries."""
    if code == 0:
        return Verdict.DONE
    if code == QUOTA_EXCEEDED or (code in PASSING and tries < MOST_TRIES):
        return Verdict.AGAIN
    return Verdict.REFUSED


def jitter_s(tries: int, max_s: float, uniform: Uniform = uniformly) -> float:
    """Pause before the next try, after so many in vain: full jitter (Brooker, Exponential Backoff and Jitter, 2015)."""
    return uniform(0.0, min(max_s, 2.0 ** min(tries - 1, 30)))

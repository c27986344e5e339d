"""Torment: one fault after the other, drawn at random, each held until the box has said so and then undone."""

import random
import time
from collections.abc import Callable, Iterator, Sequence

from soaking.faults import CLEARED_S, NAMED_S, Fault, Injected, nothing
from soaking.notices import Notices

WAIT_NAMED_S = 3 * NAMED_S
"""A fault that nobody names is undone after so long."""
HELD_S = (1.0, 4.0)
"""A fault goes on for so long after it was named."""
REST_S = (1.0, 3.0)
"""Between two faults at least."""
LAST_S = 20.0
"""No new fault begins so near to the end."""
STEADY_FROM, STEADY_MINUTES = 0.4, 30.0
"""After this share of a run so long the program is no more killed, so that its memory can be watched for long."""

Tell = Callable[[str], None]


def dealt(faults: Sequence[Fault], rng: random.Random) -> Iterator[Fault]:
    """For ever: every fault once in each round, by turns from each group."""
    while True:
        hands: dict[str, list[Fault]] = {}
        for fault in rng.sample(faults, len(faults)):
            hands.setdefault(fault.group, []).append(fault)
        while hands:
            for group in list(hands):
                yield hands[group].pop()
                if not hands[group]:
                    del hands[group]


class Torment:
    """What was done and when; whoever measures may ask whether all is quiet."""

    def __init__(
        self,
        faults: Sequence[Fault],
        notices: Notices,
        seed: int,
        tell: Tell,
        revive: Callable[[], None] = nothing,
        held_s: tuple[float, float] = HELD_S,
    ) -> None:
        """``revive`` is called after each fault, for whatever has died of it."""
        self.done: list[Injected] = []
        self._faults, self._notices, self._tell, self._revive = faults, notices, tell, revive
        self._random, self._held_s = random.Random(seed), held_s
        self._busy = False
        self._calm_since_s = time.time()

    def quiet_for_s(self) -> float:
        """For how long no fault has been under way."""
        return 0.0 if self._busy else time.time() - self._calm_since_s

    def run(self, minutes: float, period_s: float) -> None:
        """Until the time is over; two faults begin at least ``period_s`` apart."""
        began_s = time.time()
        ends_s = began_s + minutes * 60.0
        steady_s = began_s + STEADY_FROM * minutes * 60.0 if minutes >= STEADY_MINUTES else ends_s
        due_s = began_s + REST_S[1]
        for fault in dealt(self._faults, self._random):
            due_s = max(due_s, time.time() + self._random.uniform(*REST_S))
            if max(due_s, time.time()) > ends_s - LAST_S:
                break
            if fault.group == "program" and due_s > steady_s:
                continue
            time.sleep(max(0.0, due_s - time.time()))
            due_s = time.time() + period_s
            self._suffer(fault)
        time.sleep(max(0.0, ends_s - time.time()))

    def _suffer(self, fault: Fault) -> None:
        self._busy = True
        injected = Injected(fault.name, fault.group, time.time())
        self.done.append(injected)
        fault.inject()
        if said := self._notices.wait(fault.named, injected.at_s, WAIT_NAMED_S):
            injected.named_s, injected.words = said
        if not fault.passes:
            time.sleep(self._random.uniform(*self._held_s))
        injected.ended_s = (injected.named_s or time.time()) if fault.passes else time.time()
        fault.cure()  # which may take its time: the box may be quicker to say so
        if said := self._notices.wait(fault.cleared, injected.ended_s, CLEARED_S):
            injected.cleared_s = said[0]
        self._busy, self._calm_since_s = False, time.time()
        self._tell(in_words(injected))
        self._revive()


def in_words(fault: Injected) -> str:
    """One line for whoever watches."""
    named, cleared = fault.named_after_s, fault.cleared_after_s
    first = f"named after {named:.1f} s ({fault.words})" if named is not None else "NOT NAMED"
    second = f"cleared {cleared:.1f} s after its end" if cleared is not None else "NOT CLEARED"
    return f"{fault.name}: {first}; {second}"

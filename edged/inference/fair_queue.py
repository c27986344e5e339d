"""FairQueue: which request an accelerator is given next. Knows neither threads nor clock.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) between sources, with several requests under way at once
(SFQ(D): Jin, Chase and Kaur, SIGMETRICS 2004): each source has a virtual time, which grows by what its requests cost
over its weight; the one that is least far goes next. What a request costs is told when it is done, and until then
expected to be what its model has cost of late. A source that comes back begins where the others are, or little before
them, since a thread that asks for its next item is away each time.

Sound goes before video. Among requests of a rank, one of the same model as the last goes first where its source is
ahead of the others by no more than ``in_a_row_s`` and nobody's deadline suffers: parameters need not be swapped.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edged.inference.work import Rank

RANKS = tuple(Rank)
MOST_WAITING = 64
"""Requests of a rank that may wait; each is a thread's, so that there are hardly ever more than pipelines."""
MOST_REMEMBERED = 256
"""Sources and models whose times are kept; those that do nothing are forgotten first."""
CREDIT_S = 0.1
"""So much of what a source has not had stays due to it while it is away; more than a frame may cost."""
OF_LATE_S = 10.0
"""So long after its last request video is thought to come back."""
RECENT = 0.2
"""Weight of the latest in the running mean of what a model costs."""


@dataclass(slots=True, eq=False)
class Request:
    """One inference, to be run or dropped."""

    source: str
    rank: Rank
    model: str
    weight: float = 1.0
    until_s: float = math.inf
    """When it must have begun."""
    is_superseded: Callable[[], bool] = lambda: False
    """Asked when its turn has come after a wait."""
    start: float = 0.0
    """Virtual time: no less than when it came; once it is under way, when it began."""
    expected_s: float = 0.0
    """What it was thought to cost when it began."""
    began_s: float = math.nan
    """By the clock, when it began."""
    waited: bool = False


class FairQueue:
    """What waits and what is under way."""

    def __init__(self, places: int, *, alike: int = 1, kept: int = 0, in_a_row_s: float = 0.0) -> None:
        """``places``: requests of video under way at a time, ``kept`` of them left free once there has been sound.

        Sound itself needs no place. One of video may always be under way.

        ``alike``: requests of one model under way at a time, of either rank.
        """
        self._places, self._alike, self._kept, self._in_a_row_s = places, alike, kept, in_a_row_s
        self._waiting: list[Request] = []
        self._running: list[Request] = []
        self._now = dict.fromkeys(Rank, 0.0)  # virtual time
        self._ends: dict[tuple[Rank, str], float] = {}  # virtual time of each source, by what was begun for it
        self._costs: dict[str, float] = {}
        self._last: dict[Rank, str] = {}  # the model that was begun with last
        self._heard = False
        self._seen_s = -math.inf  # when video was begun with last

    def put(self, request: Request) -> bool:
        """Let it wait; False where too many do."""
        if self._waiting and sum(other.rank is request.rank for other in self._waiting) >= MOST_WAITING:
            return False
        self._heard = self._heard or request.rank is Rank.SOUND
        request.start = self._now[request.rank] - CREDIT_S
        self._waiting.append(request)
        return True

    def take(self, now_s: float) -> Iterator[tuple[Request, bool]]:
        """Those that leave the queue now, each with whether it is to be run; else it is stale."""
        while self._waiting and (request := self._due(now_s)) is not None:
            self._waiting.remove(request)
            runs = now_s < request.until_s and not (request.waited and request.is_superseded())
            if runs:
                self._begin(request, now_s)
            yield request, runs
        for request in self._waiting:
            request.waited = True

    def done(self, request: Request, cost_s: float) -> None:
        """It has been run, and cost so long."""
        self._running.remove(request)
        key = (request.rank, request.source)
        self._ends[key] = self._ends.get(key, request.start) + (cost_s - request.expected_s) / request.weight
        self._costs[request.model] = self.cost_s(request.model, cost_s) * (1 - RECENT) + cost_s * RECENT
        self._forget()

    def cost_s(self, model: str, unknown_s: float = 0.0) -> float:
        """What one inference of the model costs, usually."""
        return self._costs.get(model, unknown_s)

    def video_ends_in_s(self, now_s: float) -> float | None:
        """How long the video that is under way will usually take; None where there has been none of late."""
        if now_s - self._seen_s > OF_LATE_S:
            return None
        left = (one.expected_s - (now_s - one.began_s) for one in self._running if one.rank is Rank.VIDEO)
        return max((0.0, *left))

    def _due(self, now_s: float) -> Request | None:
        if (
            len(self._waiting) == 1 and not self._running
        ):  # as it is where one alone asks: its answer shall not be later
            return self._waiting[0]
        late = next((one for one in self._waiting if one.until_s <= now_s), None)
        return late or self._next(now_s)

    def _next(self, now_s: float) -> Request | None:
        for rank in RANKS:
            ready = self._ready(rank)
            if ready and (rank is Rank.SOUND or self._has_place()):
                return self._choose(ready, now_s)
        return None

    def _has_place(self) -> bool:
        places = max(1, self._places - self._kept) if self._heard else self._places
        return sum(one.rank is Rank.VIDEO for one in self._running) < places

    def _ready(self, rank: Rank) -> list[Request]:
        """The first of each source whose model is free."""
        busy = [one.model for one in self._running]
        first: dict[str, Request] = {}
        for request in self._waiting:
            if request.rank is rank and busy.count(request.model) < self._alike:
                first.setdefault(request.source, request)
        return list(first.values())

    def _choose(self, ready: Sequence[Request], now_s: float) -> Request | None:
        """The one whose source is least far; None where that is too far ahead of one that is still under way."""
        first = min(ready, key=self._start)
        if self._in_a_row_s == 0:
            return first
        under_way = [one.start for one in self._running if one.rank is first.rank]
        if under_way and self._start(first) > min(under_way) + self._in_a_row_s:
            return None
        last, limit = self._last.get(first.rank), self._start(first) + self._in_a_row_s
        again = min(
            (one for one in ready if one.model == last and self._start(one) <= limit), key=self._start, default=first
        )
        others = (one for one in ready if one is not again)
        spare = all(one.until_s - now_s > self.cost_s(again.model) + self.cost_s(one.model) for one in others)
        return again if spare else first

    def _start(self, request: Request) -> float:
        return max(request.start, self._ends.get((request.rank, request.source), -math.inf))

    def _begin(self, request: Request, now_s: float) -> None:
        request.start, request.began_s = self._start(request), now_s
        request.expected_s = self.cost_s(request.model)
        self._now[request.rank] = max(self._now[request.rank], request.start)
        self._ends[request.rank, request.source] = request.start + request.expected_s / request.weight
        self._last[request.rank] = request.model
        self._seen_s = now_s if request.rank is Rank.VIDEO else self._seen_s
        self._running.append(request)

    def _forget(self) -> None:
        """Sources that are least far, and models of long ago: little is lost."""
        while len(self._ends) > MOST_REMEMBERED:
            del self._ends[min(self._ends, key=self._ends.__getitem__)]
        while len(self._costs) > MOST_REMEMBERED:
            del self._costs[next(iter(self._costs))]

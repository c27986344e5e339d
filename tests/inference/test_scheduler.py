"""The scheduler of an accelerator: fair to sources, sound first, nothing stale; held against simple models of both."""

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edged.inference.fair_queue import MOST_REMEMBERED, MOST_WAITING, FairQueue, Request
from edged.inference.turns import IN_A_ROW_S
from edged.inference.work import Rank

MS = 1e-3


@dataclass
class Asker:
    """A source that asks again ``think_s`` after each answer: at once, it saturates the server."""

    name: str
    cost_s: float
    model: str = ""
    weight: float = 1.0
    rank: Rank = Rank.VIDEO
    think_s: float = 0.0
    lasts_s: float = math.inf
    done: int = 0
    dropped: int = 0
    waits_s: list[float] = field(default_factory=list)

    def request(self, now_s):
        return Request(self.name, self.rank, self.model or self.name, self.weight, now_s + self.lasts_s)


class Server:
    """One device: it does one thing at a time, what else is under way waits there; a swap costs ``swap_s`` more."""

    def __init__(self, queue, askers, swap_s=0.0):
        self.queue, self.askers, self.swap_s = queue, {each.name: each for each in askers}, swap_s
        self.now_s, self.swaps, self.last = 0.0, 0, None
        self.inside, self.put_s = [], {}
        self.due = [(0.0, name) for name in self.askers]

    def run(self, seconds):
        while self.now_s < seconds:
            self._arrivals()
            if self.inside:
                self._serve(min(self.inside, key=lambda request: request.rank))
            else:
                self.now_s = min(at_s for at_s, _ in self.due)

    def _arrivals(self):
        for at_s, name in sorted(one for one in self.due if one[0] <= self.now_s):
            self.due.remove((at_s, name))
            request = self.askers[name].request(at_s)
            self.put_s[request] = at_s
            assert self.queue.put(request)
        for request, runs in self.queue.take(self.now_s):
            asker = self.askers[request.source]
            if runs:
                assert self.now_s < request.until_s
                asker.waits_s.append(self.now_s - self.put_s.pop(request))
                self.inside.append(request)
            else:
                asker.dropped += 1
                self.due.append((self.now_s + max(asker.think_s, MS), asker.name))

    def _serve(self, request):
        asker = self.askers[request.source]
        swapped = request.model != self.last
        self.swaps, self.last = self.swaps + swapped, request.model
        self.now_s += asker.cost_s + swapped * self.swap_s
        self.inside.remove(request)
        self.queue.done(request, asker.cost_s)
        asker.done += 1
        self.due.append((self.now_s + asker.think_s, asker.name))


def jain(shares):
    """Of Jain, Chiu and Hawe (1984): 1 where all have the same, 1 / n where one has it all."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


def device():
    return FairQueue(2, alike=2, in_a_row_s=IN_A_ROW_S)


COSTS = st.lists(st.floats(1 * MS, 60 * MS), min_size=2, max_size=8)


@settings(max_examples=30, deadline=None)
@given(COSTS, st.booleans())
def test_saturating_sources_of_equal_weight_get_equal_time_whatever_their_costs(costs, same_model):
    """Jain's index of the device's time is at least 0.95."""
    askers = [Asker(f"camera{n}", cost, "one" if same_model else "") for n, cost in enumerate(costs)]
    Server(device(), askers).run(3.0 * len(askers))
    assert jain([asker.done * asker.cost_s for asker in askers]) >= 0.95


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(1 * MS, 60 * MS), st.sampled_from([0.5, 1, 2, 4])), min_size=2, max_size=6))
def test_saturating_sources_get_time_by_their_weights(asked):
    """The same of time over weight."""
    askers = [Asker(f"camera{n}", cost, weight=weight) for n, (cost, weight) in enumerate(asked)]
    Server(device(), askers).run(5.0 * len(askers))
    assert jain([asker.done * asker.cost_s / asker.weight for asker in askers]) >= 0.95


@settings(max_examples=30, deadline=None)
@given(COSTS, st.floats(1 * MS, 60 * MS), st.floats(0, 0.5))
def test_nobody_starves(costs, cost, think):
    """Whoever asks now and then waits no longer than each of the others may be ahead, and has under way."""
    askers = [Asker(f"camera{n}", each) for n, each in enumerate(costs)]
    seldom = Asker("seldom", cost, think_s=think)
    Server(device(), [*askers, seldom]).run(3.0)
    assert seldom.done > 0
    assert max(seldom.waits_s) <= (len(costs) + 2) * (IN_A_ROW_S + max(costs))


@settings(max_examples=30, deadline=None)
@given(COSTS, st.floats(0.01, 0.3))
def test_sound_is_let_in_at_once_however_much_video_there_is(costs, think):
    """The device has it before any other video, so it waits for the one inference that is running there at most."""
    askers = [Asker(f"camera{n}", cost) for n, cost in enumerate(costs)]
    sound = Asker("microphone", 1 * MS, rank=Rank.SOUND, think_s=think)
    Server(device(), [*askers, sound]).run(2.0)
    assert sound.done > 0
    assert max(sound.waits_s) <= max(costs) + 1e-9


@settings(max_examples=30, deadline=None)
@given(COSTS, st.floats(5 * MS, 0.2))
def test_nothing_begins_past_its_deadline(costs, lasts):
    """What is too late is dropped, and the device goes on with what is not."""
    askers = [Asker(f"camera{n}", cost, lasts_s=lasts) for n, cost in enumerate(costs)]
    server = Server(device(), askers)
    server.run(2.0)  # asserts it at each begin
    late = 2 * max(costs) + len(costs) * IN_A_ROW_S
    assert sum(asker.done for asker in askers) > 0
    assert all(asker.done or asker.dropped for asker in askers)
    assert all(wait <= min(lasts, late + lasts) for asker in askers for wait in asker.waits_s)


def test_a_burst_of_one_camera_does_not_delay_another():
    """Fifty at once from one, one from another: it goes before all but those that were under way."""
    queue = device()
    for _ in range(50):
        queue.put(Request("burst", Rank.VIDEO, "faces"))
    assert [request.source for request, _ in queue.take(0.0)] == ["burst", "burst"]
    queue.put(Request("calm", Rank.VIDEO, "faces"))
    under_way = list(queue._running)
    queue.done(under_way[0], 10 * MS)
    assert [request.source for request, _ in queue.take(0.01)] == ["calm"]


def test_a_burst_of_video_does_not_delay_sound_that_shares_its_model_with_other_sound():
    """Two microphones and one model, of which the device has one request at a time: video fills no place of theirs."""
    queue = FairQueue(2, alike=1, in_a_row_s=IN_A_ROW_S)
    for _ in range(50):
        queue.put(Request("camera", Rank.VIDEO, "faces"))
    list(queue.take(0.0))
    for name in ("one", "two"):
        queue.put(Request(name, Rank.SOUND, "drones"))
    ((first, _),) = queue.take(0.0)
    queue.done(first, 1 * MS)
    ((second, _),) = queue.take(0.001)
    assert [first.source, second.source] == ["one", "two"]


def test_the_same_model_is_served_in_a_row():
    """Where a swap costs 5 ms there is less than half as many as in strict order, and the time is shared as evenly."""
    found = {}
    for in_a_row_s in (0.0, IN_A_ROW_S):
        askers = [Asker(f"camera{n}", 6 * MS, "AB"[n % 2]) for n in range(8)]
        server = Server(FairQueue(2, alike=2, in_a_row_s=in_a_row_s), askers, swap_s=5 * MS)
        server.run(10.0)
        found[in_a_row_s] = server.swaps / sum(asker.done for asker in askers)
        assert jain([asker.done for asker in askers]) >= 0.95
    assert found[IN_A_ROW_S] < 0.5 * found[0.0]


def test_a_near_deadline_ends_the_row():
    """The other model is not kept waiting until it is too late."""
    for until_s, next_one in ((10.0, "again"), (15 * MS, "urgent")):
        queue = FairQueue(1, in_a_row_s=IN_A_ROW_S)
        for model in ("B", "A"):  # what they cost is known, and A was last
            first = Request("first", Rank.VIDEO, model)
            queue.put(first)
            list(queue.take(0.0))
            queue.done(first, 10 * MS)
        for request in (Request("urgent", Rank.VIDEO, "B", until_s=until_s), Request("again", Rank.VIDEO, "A")):
            queue.put(request)
        assert [request.source for request, _ in queue.take(0.0)] == [next_one]


def test_what_was_superseded_while_it_waited_is_dropped_and_what_need_not_wait_is_not():
    """An idle device has no reason to drop anything."""
    queue = FairQueue(1)
    old, newer = (Request("camera", Rank.VIDEO, "faces", is_superseded=lambda: True) for _ in range(2))
    queue.put(old)
    assert list(queue.take(0.0)) == [(old, True)]
    queue.put(newer)
    assert list(queue.take(0.0)) == []
    queue.done(old, 10 * MS)
    assert list(queue.take(0.01)) == [(newer, False)]


def test_a_core_is_kept_for_sound_once_there_is_any():
    """Before that video has all of them; with one core it has that."""
    for places, before, after in ((4, 4, 3), (1, 1, 1)):
        queue = FairQueue(places, kept=1)
        for round_, expected in enumerate((before, after)):
            requests = [Request(f"camera{n}", Rank.VIDEO, f"{round_} {n}") for n in range(6)]
            for request in requests:
                queue.put(request)
            let_in = [request for request, _ in queue.take(float(round_))]
            assert len(let_in) == expected
            while let_in:
                queue.done(let_in.pop(), MS)
                let_in += [request for request, _ in queue.take(float(round_))]
            queue.put(sound := Request("microphone", Rank.SOUND, "drones"))
            assert list(queue.take(float(round_))) == [(sound, True)]
            queue.done(sound, MS)


def test_one_interpreter_runs_once_at_a_time_and_others_meanwhile():
    """On the CPU no place is held by what must wait for another's interpreter."""
    queue = FairQueue(3)
    for n, model in enumerate(("faces", "faces", "faces", "objects")):
        queue.put(Request(f"camera{n}", Rank.VIDEO, model))
    assert [request.source for request, _ in queue.take(0.0)] == ["camera0", "camera3"]


def test_on_the_cpu_more_sources_than_cores_share_them():
    """Three cameras of quite different costs on two cores."""
    queue, askers = FairQueue(2), [Asker("a", 50 * MS), Asker("b", 5 * MS), Asker("c", 20 * MS)]
    spent, under_way, now_s = Counter(), [], 0.0
    for asker in askers:
        queue.put(asker.request(now_s))
    while now_s < 20.0:
        under_way += [
            (now_s + next(one.cost_s for one in askers if one.name == request.source), next(NUMBERS), request)
            for request, _ in queue.take(now_s)
        ]
        under_way.sort()
        now_s, _, request = under_way.pop(0)
        asker = next(one for one in askers if one.name == request.source)
        queue.done(request, asker.cost_s)
        spent[request.source] += asker.cost_s
        queue.put(asker.request(now_s))
    assert jain(list(spent.values())) >= 0.95


NUMBERS = itertools.count()


def test_no_more_wait_than_may():
    """Of a rank; sound finds its place however much video waits."""
    queue = device()
    given_in = [queue.put(Request("camera", Rank.VIDEO, "faces")) for _ in range(MOST_WAITING + 1)]
    assert given_in == [True] * MOST_WAITING + [False]
    assert queue.put(Request("microphone", Rank.SOUND, "drones"))


def test_sources_of_long_ago_are_forgotten():
    """A box may have had any number of them."""
    queue = device()
    for number in range(3 * MOST_REMEMBERED):
        queue.put(Request(f"camera{number}", Rank.VIDEO, f"model{number}"))
        ((request, _),) = queue.take(float(number))
        queue.done(request, MS)
    assert len(queue._ends) <= MOST_REMEMBERED
    assert len(queue._costs) <= MOST_REMEMBERED

"""Turns: threads that wait for an accelerator or the CPU, and what they do when their turn does not come."""

import math
import os
import threading
import time

import pytest

from edged.errors import StaleError
from edged.inference.model import zeros
from edged.inference.turns import NotInTimeError, Turns
from edged.inference.work import VIDEO_NICE, Rank, Terms, Work, current
from tests.inference.edgetpu.conftest import box, stand_in, twin, wait_until

__all__ = ["box", "stand_in", "twin"]
LIMIT_S = 10.0


class Holder:
    """A thread that holds a turn for as long as the context lasts."""

    def __init__(self, turns, model="faces", work=None):
        self._turns, self._model, self._work = turns, model, work or Work("elsewhere")
        self._has_it, self._enough = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def __enter__(self):
        self._thread.start()
        assert self._has_it.wait(LIMIT_S)
        return self

    def __exit__(self, *_):
        self._enough.set()
        self._thread.join(LIMIT_S)

    def _hold(self):
        for _ in self._work.items([None]):
            with self._turns.turn(self._model):
                self._has_it.set()
                self._enough.wait(LIMIT_S)


def test_between_one_item_and_the_next_the_thread_works_for_their_source():
    """And for nobody before and after them, nor does any other thread."""
    work, seen = Work("door"), []
    for item in work.items("ab"):
        thread = threading.Thread(target=lambda: seen.append(current().source))
        thread.start()
        thread.join()
        assert (item, current()) in [("a", work), ("b", work)]
    assert seen == ["", ""]
    assert current().source == ""


def test_a_work_of_a_source_that_is_left_in_the_middle_is_over():
    """Whatever made the pipeline stop."""
    items = Work("door").items("ab")
    next(items)
    items.close()
    assert current().source == ""


def test_items_that_another_thread_closes_leave_it_its_own_work():
    """The garbage collector closes what a broken pipeline left, on whichever thread it runs."""
    others = Work("door").items("ab")
    thread = threading.Thread(target=lambda: next(others))
    thread.start()
    thread.join()
    for _ in Work("microphone", Rank.SOUND).items([None]):
        others.close()
        assert current().source == "microphone"
    assert current().source == ""


def test_a_thread_of_video_steps_back_and_no_other_does():
    """The kernel runs sound first where both want a core."""
    found = []

    def priorities():
        return tuple(os.getpriority(os.PRIO_PROCESS, thread) for thread in (threading.get_native_id(), os.getpid()))

    def pipeline():
        found.extend(priorities() for _ in Work("door", nice=VIDEO_NICE).items([None]))

    before = priorities()[0]
    thread = threading.Thread(target=pipeline)
    thread.start()
    thread.join(LIMIT_S)
    assert found == [(min(19, before + VIDEO_NICE), before)]


def test_a_weight_of_nothing_is_refused():
    """It would never have its turn."""
    with pytest.raises(ValueError, match="weight: 0, must be above 0"):
        Terms(weight=0)


def test_terms_that_change_hold_from_the_next_item_on():
    """The configuration is taken up while the box runs; the item at hand stays as it was."""
    terms = [Terms()]
    work = Work("door", terms=lambda: terms[-1], clock=lambda: 2.0)
    for weight, until_s in ((1.0, math.inf), (3.0, 2.5)):
        work.begin()
        terms.append(Terms(weight=3.0, lasts_s=0.5))
        assert (work.weight, work.until_s) == (weight, until_s)


def test_an_item_past_its_deadline_is_dropped_and_counted():
    """It is not run, however soon its turn would come."""
    now, left = [0.0], []
    work = Work("door", terms=lambda: Terms(lasts_s=1.0), on_stale=lambda: left.append(1), clock=lambda: now[0])
    turns = Turns(1)
    turns._clock = lambda: now[0]
    for _ in work.items([None]):
        now[0] = 1.0
        with pytest.raises(StaleError, match="door: is of no more use"), turns.turn("faces"):
            raise AssertionError("it is run")
    assert left == [1]
    with turns.turn("faces"):
        pass  # the place is free


def test_an_item_that_a_model_has_seen_is_finished_however_long_that_takes():
    """What is half done is done: later models of the chain are not asked in vain."""
    now = [0.0]
    work, turns = Work("door", terms=lambda: Terms(lasts_s=1.0), newer=lambda: True, clock=lambda: now[0]), Turns(1)
    turns._clock = lambda: now[0]
    for _ in work.items([None]):
        with turns.turn("detector"):
            pass
        now[0] = 5.0
        assert not work.is_superseded()
        with turns.turn("embedder") as turn:
            assert turn.runs


def test_a_frame_is_left_for_a_newer_one_after_a_wait_and_the_newer_one_is_not():
    """Some frame must be seen, however many come."""
    turns, left, done = Turns(1), [], []
    work = Work("door", newer=lambda: True, on_stale=lambda: left.append(1))

    def ask(number):
        holder = Holder(turns)
        with holder:
            threading.Timer(0.05, holder._enough.set).start()
            try:
                with turns.turn("faces"):
                    done.append(number)
            except StaleError:
                return

    for number in work.items(range(4)):
        ask(number)
    assert done == [1, 3]
    assert left == [1, 1]


def test_video_that_waits_is_dropped_when_its_time_is_over():
    """Its thread does not hang for as long as others are served."""
    turns = Turns(1)
    with Holder(turns):
        for _ in Work("door", terms=lambda: Terms(lasts_s=0.05)).items([None]):
            with pytest.raises(StaleError), turns.turn("faces"):
                raise AssertionError("it is run")


def test_whoever_works_for_no_source_is_told_that_it_is_not_in_time():
    """Its question is of use still: another answers it."""
    turns = Turns(1)
    with Holder(turns), pytest.raises(NotInTimeError), turns.turn("faces", time.monotonic() + 0.05):
        raise AssertionError("it is run")


def test_sound_is_let_in_beside_video():
    """It needs no place."""
    turns = Turns(1)
    with Holder(turns):
        for _ in Work("microphone", Rank.SOUND).items([None]):
            with turns.turn("drones") as turn:
                assert turn.runs


def test_a_turn_that_raises_is_over():
    """A device's fault does not take the place with it."""
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(RuntimeError), turns.turn("faces"):
            raise RuntimeError("the device failed")
    with turns.turn("faces"):
        pass


def test_what_a_turn_costs_is_what_the_device_says():
    """Not how long its thread was away."""
    turns = Turns(1)
    with turns.turn("faces") as turn:
        turn.cost_s = 0.25
    assert turns.usual_s("faces") == 0.25
    assert turns.usual_s("unknown") == 0.0


def test_many_threads_take_turns_and_none_is_forgotten():
    """Never more at a time than there are places."""
    turns, inside, most, done = Turns(2), [], [], []

    def ask(name):
        for _ in Work(name).items(range(100)):
            with turns.turn(name):
                inside.append(name)
                most.append(len(inside))
                inside.remove(name)
        done.append(name)

    threads = [threading.Thread(target=ask, args=(f"camera{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert sorted(done) == [f"camera{n}" for n in range(6)]
    assert max(most) <= 2
    assert turns.video_ends_in_s() == 0.0
    assert Turns(1).video_ends_in_s() is None


def test_a_model_on_the_cpu_waits_for_its_turn_there(twin):
    """Video does; sound does not."""
    turns, cpu = Turns(1), twin()
    cpu.take_turns(turns)
    assert cpu.run(zeros(cpu.card)).use.device == "cpu"
    assert cpu.usual_s() > 0
    with Holder(turns):
        for _ in Work("door", terms=lambda: Terms(lasts_s=0.02)).items([None]):
            with pytest.raises(StaleError):
                cpu.run(zeros(cpu.card))
        for _ in Work("microphone", Rank.SOUND).items([None]):
            cpu.run(zeros(cpu.card))


def test_sound_is_answered_by_the_cpu_while_the_device_is_busy_with_video(box, twin, stand_in):
    """It is sooner done there than the frame on the device; when there is no video any longer, the device is asked."""
    made = box(deadline_ms=2000)
    sound_cpu = twin("sound")
    sound_cpu.take_turns(Turns(2))
    sound_cpu.warm_up()
    video, sound = made.add(twin("video")), made.add(sound_cpu)
    made.device.start()
    wait_until(made.is_up)
    question = zeros(sound_cpu.card)
    wait_until(lambda: {model.run(question).use.device for model in (video, sound)} == {"usb:0"})
    stand_in.fault(slow=300)
    frames = threading.Thread(target=lambda: [video.run(question) for _ in Work("door").items(range(2))])
    frames.start()
    wait_until(lambda: (made.device.turns.video_ends_in_s() or 0.0) > 0.02)  # its cost is known
    for _ in Work("microphone", Rank.SOUND).items([None]):
        assert sound.run(question).use.device == "cpu"
    frames.join(LIMIT_S)
    made.device.turns._queue._seen_s = -math.inf  # long ago
    for _ in Work("microphone", Rank.SOUND).items([None]):
        assert sound.run(question).use.device == "usb:0"


def test_on_the_device_sound_goes_before_video_that_came_first(box, twin, stand_in):
    """Where the CPU is not known to be quicker, it is next after what is running."""
    made = box(deadline_ms=2000)
    models = [made.add(twin(name)) for name in ("one", "two", "sound")]
    made.device.start()
    wait_until(made.is_up)
    question = zeros(models[0].card)
    wait_until(lambda: {model.run(question).use.device for model in models} == {"usb:0"})
    before = len(stand_in.invocations())
    stand_in.fault(slow=100)

    def ask(model, work):
        for _ in work.items([None]):
            model.run(question)

    works = (Work("door"), Work("gate"), Work("microphone", Rank.SOUND))
    threads = [threading.Thread(target=ask, args=each) for each in zip(models, works, strict=True)]
    for number, thread in enumerate(threads):
        thread.start()
        time.sleep(0.02)  # in this order, all while the first one runs
        assert number < 3
    for thread in threads:
        thread.join(LIMIT_S)
    assert stand_in.invocations()[before:] == "ACB"


def test_no_one_waits_for_a_turn_on_a_device_that_is_not_there(box, twin):
    """The CPU answers at once."""
    made = box()
    model = made.add(twin())
    with Holder(made.device.turns), Holder(made.device.turns):
        for _ in Work("door", terms=lambda: Terms(lasts_s=math.inf)).items([None]):
            assert model.run(zeros(model.card)).use.device == "cpu"

"""New limits: each part that is told other ones while it runs goes by them from then on, and keeps what it has."""

import io
import time
from contextlib import ExitStack

import pytest
import soundfile

from edged.captures import Captures
from edged.errors import EdgedError
from edged.evidence import Evidence
from edged.guards import GuardsConfig, Step, guards_of
from edged.history import HistoryConfig
from edged.history_in_use import HistoryInUse
from edged.messages.event import Phase
from edged.messages.health import State
from edged.outbox import Outbox, OutboxConfig
from edged.outbox.waiting import Waiting
from edged.runtime.flapping import Damping
from edged.runtime.health import Health
from edged.runtime.load import Load, LoadShedding
from edged.settings import Settings
from edged.settings_in_use import SettingsInUse
from edged.sinks.clips import ClipsConfig
from edged.sinks_in_use import SinksInUse
from edged.sources.recording import RecordingConfig
from tests.cameras import wait_until
from tests.events import an_event
from tests.guards.tree import Tree
from tests.history.boxes import Box as PastBox
from tests.history.boxes import a_message
from tests.outbox.clocks import Hands
from tests.sinks.clips.evidence import a_store, keep

HOT = GuardsConfig(heat={"hot_c": 80, "cool_c": 60}, load={"up_s": 0, "down_s": 1e4})
WARM = GuardsConfig(heat={"hot_c": 100, "cool_c": 95})


def test_guards_judge_by_new_numbers_and_remember_what_they_saw(tmp_path):
    """The part was hot by the old ones; a folder that is written to no longer is not watched any more."""
    tree, health, now_s, done = Tree(tmp_path / "root"), Health(), [0.0], []
    tree.say(temperature="90000", statm="1000 500 1 1 1 1 1")
    (tmp_path / "clips").mkdir()
    steps = [Step("faces", "at half rate", done.append), Step("shadows", "paused", done.append)]
    guards = guards_of(HOT, [tmp_path, tmp_path / "clips"], steps, health, tree.root, lambda: now_s[0])

    def look(times):
        for _ in range(times):
            now_s[0] += 2.0
            guards.look()
        return health.parts()

    parts = look(3)
    assert (parts["machine.heat"].state, parts["machine.load"].counters["level"]) == (State.DEGRADED, 2)
    guards.use(WARM.model_copy(update={"load": HOT.load.model_copy(update={"shed": False})}), [tmp_path])
    (tmp_path / "clips").rmdir()
    parts = look(2)
    assert {parts[f"machine.{name}"].state for name in ("heat", "load", "disk")} == {State.OK}
    assert done == [True, True, False, False]
    guards.use(GuardsConfig(disk={"low_bytes": 2**44, "least_bytes": 2**44}, memory={"max_bytes": 2**20}), [tmp_path])
    parts = look(1)
    assert {parts[f"machine.{name}"].state for name in ("memory", "disk")} == {State.DEGRADED}


def test_load_is_taken_up_where_it_may_be_shed_no_longer():
    """One level each look, though the load is too much; waiting goes by the new times."""
    shedding = LoadShedding(3, 1.0, 100.0)
    assert [shedding.look(Load.TOO_MUCH, float(at)) for at in range(4)] == [0, 1, 2, 3]
    shedding.use(1, 1.0, 5.0)
    assert [shedding.look(Load.TOO_MUCH, float(at)) for at in range(4, 8)] == [2, 1, 1, 1]
    assert [shedding.look(Load.CALM, float(at)) for at in range(8, 15)] == [1, 1, 1, 1, 1, 0, 0]


def test_an_outbox_that_may_keep_less_drops_what_is_too_much(tmp_path):
    """With the next commit, counted; what is too old by the new limit goes when it is tended."""
    hands, health = Hands(), Health().part("outbox")
    waiting = Waiting(tmp_path / "o.sqlite3", OutboxConfig(), health, hands.clock())
    now = hands.clock().now()
    much = {f"number_{number}": 1.0 for number in range(200)}
    waiting.accept([(an_event(Phase.END, number, evidence=much), now) for number in range(600)], [])
    assert (len(waiting), waiting.dropped) == (600, 0)
    waiting.use(OutboxConfig(max_bytes=2**20))
    waiting.accept([(an_event(Phase.END, 601), now)], [])
    assert 0 < len(waiting) < 400
    assert waiting.dropped == 601 - len(waiting)
    hands.pass_s(2 * 86400)
    waiting.use(OutboxConfig(max_age_days=1))
    waiting.tend()
    assert len(waiting) == 0
    waiting.close()


def test_an_outbox_gives_away_at_the_new_rate():
    """What waited; nothing that is live waits for that."""
    outbox = Outbox(None, OutboxConfig(drain_per_s=1))
    for number in range(3):
        outbox(an_event(Phase.START, number))
    outbox.reconnected()
    assert outbox.take() is not None
    assert outbox.backlog_free_in_s > 0.5
    outbox.use(OutboxConfig(drain_per_s=100_000))
    assert outbox.take(2) is not None
    assert outbox.backlog_free_in_s < 0.1
    outbox.close()


def test_a_store_of_clips_goes_by_its_new_limits(tmp_path):
    """What is too much goes with the next sweep."""
    store, _ = a_store(tmp_path)
    events = [keep(store, number) for number in range(4)]
    store.use(ClipsConfig(folder=tmp_path, max_clips=1, keep_last=0, min_free_bytes=0))
    store.sweep()
    assert sum(store.find(event) is not None for event in events) == 1


def test_a_history_goes_by_its_new_limits_at_once(tmp_path):
    """Not a minute later; it is the same run of edged."""
    box = PastBox(tmp_path)
    box.tell(*(a_message(Phase.START, number, number) for number in range(5)))
    box.history.use(HistoryConfig(path=box.path, max_events=2))
    box.tell()
    assert (len(box.events()), len(box.runs())) == (2, 1)
    box.stop()


def test_a_history_moves_begins_and_ends(tmp_path):
    """One that ends has its last word, and health knows of it no longer."""
    health, first, second = Health(), PastBox(tmp_path), PastBox(tmp_path / "b")
    history = HistoryInUse(HistoryConfig(path=first.path), health)
    with ExitStack() as stack:
        history.start(stack)
        history(a_message(Phase.START, 1))
        history.use(HistoryConfig(path=second.path))
        history(a_message(Phase.START, 2))
        history.use(HistoryConfig(enabled=False, path=second.path))
        history(a_message(Phase.START, 3))
        assert "history" not in health.parts()
        history.use(HistoryConfig(path=first.path))
        history(a_message(Phase.START, 4))
    assert [len(box.events()) for box in (first, second)] == [2, 1]
    assert [run.stopped_s is not None for run in first.runs()] == [True, True]


def test_clips_begin_move_and_end_while_a_source_is_heard(tmp_path):
    """The source is opened once; an event that was on while they moved has its clip where it began."""
    rate_hz, health, folder = 16_000, Health(), tmp_path / "clips"
    soundfile.write(tmp_path / "s.wav", [0.1, -0.1] * rate_hz, rate_hz)
    captures = Captures({"mic": RecordingConfig(path=tmp_path / "s.wav", loop=True)}, health)
    evidence, limits = Evidence(ClipsConfig(), health), {"enabled": True, "min_free_bytes": 0, "encrypt_sound": False}
    with ExitStack() as stack:
        captures.start(stack)
        queue = captures.sound("mic")
        stack.callback(captures.leave, "mic", queue)
        evidence.start(stack)
        end = evidence.begin("drones", "mic", captures, looks=False)
        assert evidence.clips is None
        evidence.use(ClipsConfig(folder=folder, **limits))
        made = evidence.clips
        wait_until(lambda: made._recorders["mic"].until_s > 0, 5)
        evidence(a_message(Phase.START, 1, start_s=0.0, end_s=0.5, epoch_s=time.time()))
        evidence.use(ClipsConfig(folder=folder, keep_last=0, **limits))
        assert evidence.clips is made
        evidence.use(ClipsConfig(folder=tmp_path / "elsewhere", **limits))
        assert evidence.clips is not made
        assert len(list(folder.glob("*/sound.flac"))) == 1
        moved = evidence.clips
        for wrong, said in ((tmp_path / "none", "cannot be read"), (tmp_path / "s.wav", "s.wav")):
            with pytest.raises(EdgedError, match=said):
                evidence.use(ClipsConfig(folder=tmp_path / "third", key_file=wrong, **limits))
        with pytest.raises(EdgedError, match=r"clips\.folder: .*s\.wav cannot be made: File exists"):
            evidence.use(ClipsConfig(folder=tmp_path / "s.wav", **limits))
        assert evidence.clips is moved
        evidence.use(ClipsConfig())
        assert "clips" not in health.parts()
        assert health.parts()["sources.mic"].state is State.OK
        end()
    assert health.parts()["sources.mic"].counters.get("reopened", 0) == 0


def test_flapping_is_what_the_new_number_says():
    """For parts that are there already, too."""
    now_s = [0.0]
    health = Health(lambda: now_s[0], damping=Damping(times=5))
    part = health.part("x")

    def falls(times):
        for _ in range(times):
            now_s[0] += 1.0
            part.set(State.FAILING, "gone")
            part.set(State.OK)
        return part.state

    assert falls(3) is State.OK
    health.use(Damping(times=2))
    assert falls(1) is not State.OK
    health.use(Damping(times=50))
    assert falls(1) is State.OK


def test_the_journal_is_switched_off_and_on():
    """Between two lines."""
    began = Settings(mqtt={"enabled": False}, history={"enabled": False})
    stream, in_use = io.StringIO(), SettingsInUse(began)
    sinks = SinksInUse(in_use, stream, Health())
    with ExitStack() as stack:
        sinks.start(stack)
        for number, enabled in enumerate((True, False, True)):
            wanted = began.model_copy(update={"journal": began.journal.model_copy(update={"enabled": enabled})})
            assert list(in_use.take_up(wanted)) == []
            sinks.outbox(an_event(Phase.START, number))
    assert stream.getvalue().count("\n") == 2


def test_what_a_pipeline_left_goes_with_it_and_a_new_one_keeps_its_own():
    """Health and ``active/`` of one that is gone; one that was just added is among those that run, if nowhere else."""
    health = Health()
    sinks = SinksInUse(
        SettingsInUse(Settings(mqtt={"enabled": False}, history={"enabled": False})), io.StringIO(), health
    )
    health.part("pipelines.old").set(State.OFF)
    sinks._active |= {"old", "new"}
    sinks.changed(["drones", "new"])
    assert sinks._active == {"new"}
    assert "pipelines.old" not in health.parts()

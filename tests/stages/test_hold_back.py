"""HoldBack: what is published and what is not, and that whatever is published is whole."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.config import ConfigFaults
from edged.messages.event import Phase
from edged.runtime.health import Health
from edged.settings import read_settings
from edged.stages.hold_back import DAYS, HoldBack, PublishConfig, QuietHours, are_on
from tests.events import an_event

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=BERLIN)
"""A Saturday."""
START, UPDATE, END = Phase


def in_berlin(unix_s):
    return datetime.fromtimestamp(unix_s, UTC).astimezone(BERLIN)


def at(hour, minute=0, day=21):
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


class Told:
    """A stage, what it let through, and what it counted."""

    def __init__(self, most=1000, **config):
        self._part = Health().part("pipelines.drones")
        self.stage = HoldBack(PublishConfig(**config), self._part, in_berlin, most)
        self.events = []

    def say(self, phase, number=0, confidence=0.9, when=NOON, **changes):
        event = an_event(phase, number, confidence=confidence, epoch_s=when.timestamp(), observed_s=0.0, **changes)
        self.events += self.stage(event)

    @property
    def published(self):
        return [(event.phase.value, int(event.id)) for event in self.events]

    @property
    def counted(self):
        return dict(self._part.snapshot().counters)


def test_by_default_all_is_published_as_it_is():
    """Nothing is changed, nothing counted."""
    told = Told()
    for phase in Phase:
        told.say(phase, confidence=0.0)
    assert told.published == [("start", 0), ("update", 0), ("end", 0)]
    assert told.counted == {}


def test_an_unsure_event_starts_when_it_is_sure():
    """The first message that is sure enough becomes its start, with the time at which it really began."""
    told = Told(min_confidence=0.8)
    told.say(START, confidence=0.7)
    told.say(UPDATE, confidence=0.79)
    told.say(UPDATE, confidence=0.8)
    told.say(UPDATE, confidence=0.1)
    told.say(END, confidence=0.6)
    assert told.published == [("start", 0), ("update", 0), ("end", 0)]
    assert [(event.start_s, event.confidence) for event in told.events] == [(1.0, 0.8), (1.0, 0.1), (1.0, 0.6)]
    assert told.counted == {"held_confidence": 1}


def test_an_event_that_was_never_published_has_no_end():
    """Even where it is sure of itself only then."""
    told = Told(min_confidence=0.8)
    for phase, confidence in ((START, 0.7), (UPDATE, 0.7), (END, 0.9)):
        told.say(phase, confidence=confidence)
    assert told.published == []
    assert told.counted == {"held_confidence": 1}


def test_a_cooldown_holds_back_the_next_one_like_it():
    """From the published event's end, those of the same label about the same person; no others."""
    told = Told(cooldown_s=60)
    told.say(START, 1)
    told.say(END, 1, when=NOON + timedelta(seconds=30))
    told.say(START, 2, when=NOON + timedelta(seconds=40))
    told.say(START, 3, when=NOON + timedelta(seconds=40), label="airship")
    told.say(START, 4, when=NOON + timedelta(seconds=40), subject="person:ana")
    told.say(UPDATE, 2, when=NOON + timedelta(seconds=80))
    told.say(UPDATE, 2, when=NOON + timedelta(seconds=90))
    assert told.published == [("start", 1), ("end", 1), ("start", 3), ("start", 4), ("start", 2)]
    assert told.counted == {"held_cooldown": 1}


def test_what_was_held_back_begins_no_cooldown():
    """Only what was published does: else a drone that comes every minute would never be told of again."""
    told = Told(cooldown_s=60)
    for number, second in enumerate(range(0, 160, 40)):
        told.say(START, number, when=NOON + timedelta(seconds=second))
        told.say(END, number, when=NOON + timedelta(seconds=second + 1))
    assert told.published == [("start", 0), ("end", 0), ("start", 2), ("end", 2)]


def test_a_clock_set_back_does_not_silence_the_box():
    """A cooldown is over after its time, or its double at most, by whatever clock."""
    told = Told(cooldown_s=60)
    told.say(START, 1)
    told.say(END, 1)
    told.say(START, 2, when=NOON - timedelta(seconds=30))
    told.say(START, 3, when=NOON - timedelta(days=1))
    assert told.published == [("start", 1), ("end", 1), ("start", 3)]


@pytest.mark.parametrize(
    ("when", "quiet"),
    [
        (at(21, 59), False),
        (at(22), True),
        (at(0, day=22), True),
        (at(5, 59, day=22), True),
        (at(6, day=22), False),
        (at(22, day=22), False),
        (at(3), True),
        (at(3, day=27), False),
        (at(23, day=27), True),
    ],
)
def test_quiet_hours_go_over_midnight_of_the_day_on_which_they_begin(when, quiet):
    """From 22 to 6 on Fridays and Saturdays: Sunday's morning is still Saturday's, and Friday's is Thursday's."""
    assert are_on(QuietHours(begin="22:00", end="6:00", days=("fri", "sat")), when) == quiet


@pytest.mark.parametrize(("begin", "end", "hours"), [("9:00", "17:00", 8), ("17:00", "9:00", 16), ("7:30", "7:30", 24)])
def test_quiet_hours_last_as_long_as_they_say(begin, end, hours):
    """Within a day, over midnight, and a whole day where they end as they begin."""
    quiet = QuietHours(begin=begin, end=end)
    minutes = [are_on(quiet, at(0) + timedelta(minutes=minute)) for minute in range(24 * 60)]
    assert sum(minutes) == hours * 60


def test_in_quiet_hours_only_what_is_named_and_sure_passes():
    """By label, by confidence, or both; where neither is said nothing passes."""
    night = {"begin": "22:00", "end": "06:00"}
    passing = [
        ({}, []),
        ({"labels": ["drone"]}, [0, 1]),
        ({"min_confidence": 0.9}, [1, 3]),
        ({"labels": ["drone"], "min_confidence": 0.9}, [1]),
    ]
    for rule, expected in passing:
        told = Told(quiet_hours=[{**night, **rule}])
        for number, (label, confidence) in enumerate([("drone", 0.5), ("drone", 0.95), ("ana", 0.5), ("ana", 0.95)]):
            told.say(START, number, confidence, at(23), label=label)
        assert [number for _, number in told.published] == expected
        assert told.counted.get("held_quiet", 0) == 4 - len(expected)


def test_of_several_quiet_hours_each_must_let_it_pass():
    """One that lets drones pass does not open another that lets nothing pass."""
    told = Told(
        quiet_hours=[{"begin": "20:00", "end": "06:00", "labels": ["drone"]}, {"begin": "0:00", "end": "06:00"}]
    )
    told.say(START, 1, when=at(23))
    told.say(START, 2, when=at(1))
    assert told.published == [("start", 1)]


def test_an_event_that_outlasts_the_quiet_hours_starts_after_them():
    """And one that was published before them goes on to its end."""
    told = Told(quiet_hours=[{"begin": "22:00", "end": "06:00"}])
    told.say(START, 1, when=at(21, 59))
    told.say(UPDATE, 1, when=at(22, 1))
    told.say(END, 1, when=at(22, 2))
    told.say(START, 2, when=at(23))
    told.say(UPDATE, 2, when=at(6, 0, day=22))
    assert told.published == [("start", 1), ("update", 1), ("end", 1), ("start", 2)]
    assert told.counted == {"held_quiet": 1}


def test_quiet_until_holds_back_everything_until_then():
    """Whatever the zone in which that was said."""
    told = Told(quiet_until=datetime(2026, 11, 21, 12, 0, tzinfo=UTC))  # 13:00 in Berlin
    told.say(START, 1, 1.0, at(12, 59))
    told.say(START, 2, 1.0, at(13))
    assert told.published == [("start", 2)]


def test_a_recording_has_no_hour():
    """Quiet hours say nothing of it; `edged replay` at night finds what it finds by day."""
    told = Told(quiet_until=NOON, quiet_hours=[{"begin": "0:00", "end": "0:00"}], min_confidence=0.5)
    told.say(START, 1, when=datetime.fromtimestamp(0, UTC))
    told.say(START, 2, 0.4, when=datetime.fromtimestamp(0, UTC))
    assert told.published == [("start", 1)]


def test_each_reason_is_counted_once_an_event():
    """However many messages of it are held back; a new reason counts anew."""
    told = Told(min_confidence=0.8, quiet_until=NOON + timedelta(minutes=1))
    told.say(START, confidence=0.9)
    told.say(UPDATE, confidence=0.7)
    told.say(UPDATE, confidence=0.7)
    assert told.counted == {"held_quiet": 1, "held_confidence": 1}


def test_the_stream_may_stop_and_begin_anew():
    """What was on is over; a cooldown goes on."""
    told = Told(cooldown_s=60, min_confidence=0.8)
    told.say(START, 1)
    told.say(START, 2, 0.5, label="airship")
    told.say(END, 1)
    told.say(END, 2, label="airship")
    told.say(START, 3)
    told.say(START, 4, label="ship")
    assert list(told.stage.finish()) == []
    assert (told.stage._held, told.stage._published) == ({}, {})
    told.say(START, 5)
    assert told.published == [("start", 1), ("end", 1), ("start", 4)]


@pytest.mark.parametrize("month_day", [(3, 29), (10, 25)])
def test_the_night_of_a_change_of_time_is_like_any_other(month_day):
    """By the wall's clock: all of it is quiet from 22 to 6, an hour shorter or longer."""
    hours = QuietHours(begin="22:00", end="06:00")
    eve = datetime(2026, *month_day, tzinfo=BERLIN) - timedelta(hours=3)
    minutes = [are_on(hours, in_berlin(eve.timestamp() + 60 * minute)) for minute in range(12 * 60)]
    changes = sum(one != other for one, other in itertools.pairwise(minutes))
    assert changes == 2
    assert sum(minutes) == {3: 7, 10: 9}[month_day[0]] * 60


def test_at_most_so_many_are_remembered():
    """The oldest are forgotten first: held back, published, and ended ones."""
    told = Told(most=10, cooldown_s=60, min_confidence=0.5)
    for number in range(100):
        told.say(START, number, 0.1)
    for number in range(100, 200):
        told.say(START, number, label=str(number))
    for number in range(200, 300):
        told.say(START, number, label=str(number))
        told.say(END, number, label=str(number))
    assert [len(table) for table in (told.stage._held, told.stage._published, told.stage._ended_s)] == [10, 9, 10]
    later = NOON + timedelta(minutes=2)
    for number, label in ((300, "290"), (301, "300")):  # one that is known already, and one more
        told.say(START, number, label=label, when=later)
        told.say(END, number, label=label, when=later)
    assert {("290", None), ("291", None)} & told.stage._ended_s.keys() == {("290", None)}


EVE = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
"""Of a change of time."""
wall_times = st.times().map(lambda time: f"{time:%H:%M}")
unsure = st.sampled_from([0.0, 0.5, 0.9])
quiet_hours = st.fixed_dictionaries(
    {"begin": wall_times, "end": wall_times, "days": st.lists(st.sampled_from(DAYS), min_size=1)},
    optional={"labels": st.just(("drone",)), "min_confidence": unsure},
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "cooldown_s": st.sampled_from([0.0, 60.0, 86400.0]),
        "min_confidence": unsure,
        "quiet_hours": st.lists(quiet_hours, max_size=3),
        "quiet_until": st.integers(0, 48).map(lambda hour: EVE + timedelta(hours=hour)),
    },
)
lives = st.tuples(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40000)), min_size=2, max_size=6))


@given(rules, st.lists(lives, max_size=12), st.randoms())
def test_whatever_is_published_is_whole(config, seen, random):
    """Of every event a start, updates and one end, or nothing at all; each is published or counted, and none lost."""
    told, now = Told(**config), EVE
    labels = [random.choice(["drone", "airship"]) for _ in seen]
    for number, (life,) in enumerate(seen):
        for place, (confidence, pause_s) in enumerate(life):
            phase = START if place == 0 else END if place == len(life) - 1 else UPDATE
            told.say(phase, number, confidence, now, label=labels[number])
            now += timedelta(seconds=pause_s)
    for number in range(len(seen)):
        phases = [phase for phase, of in told.published if of == number]
        assert phases in ([], ["start", *["update"] * (len(phases) - 2), "end"])
    silent = set(range(len(seen))) - {number for _, number in told.published}
    assert len(silent) <= sum(told.counted.values())
    assert all(count <= len(seen) for count in told.counted.values())
    assert max(Counter(told.published).values(), default=1) <= 4
    assert (told.stage._held, told.stage._published) == ({}, {})


@given(st.integers(1, 2**34), quiet_hours)
def test_no_moment_is_too_odd_for_quiet_hours(moment_s, hours):
    """In whatever year the clock of the box believes itself to be."""
    told = Told(quiet_hours=[hours])
    told.say(START, when=datetime.fromtimestamp(moment_s, UTC))
    assert len(told.published) + told.counted.get("held_quiet", 0) == 1


def publish(tmp_path, text):
    path = tmp_path / "edged.yaml"
    path.write_text(f"pipelines: {{drones: {{publish: {text}}}}}\n")
    return read_settings(path, {}).pipelines["drones"].publish


def test_the_settings_say_it_in_a_line(tmp_path):
    """Times may do without quotes, although YAML takes some of them for numbers to the base of 60."""
    text = "{quiet_hours: [{from: 22:00, to: 06:30, labels: [drone]}, {from: '7:05', to: 9:15}]}"
    hours = publish(tmp_path, text).quiet_hours
    assert [(one.begin, one.end) for one in hours] == [("22:00", "06:30"), ("7:05", "09:15")]
    until = publish(tmp_path, "{quiet_until: 2026-11-21T07:00:00+01:00}").quiet_until
    assert until == datetime(2026, 11, 21, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{quiet_hours: [{from: '24:00', to: '6:00'}]}", r"quiet_hours.0.from: '24:00', must be a time of day such as"),
        ("{quiet_hours: [{from: '22:00'}]}", r"quiet_hours.0.to: is missing"),
        ("{quiet_hours: [{from: yes, to: '6:00'}]}", r"quiet_hours.0.from: true, must be text"),
        ("{quiet_hours: [{from: '1:00', to: '2:00', days: [mo]}]}", r"days.0: 'mo', must be one of mon, tue"),
        ("{quiet_until: '2026-11-21T07:00:00'}", r"quiet_until: '2026-11-21T07:00:00', must be"),
        ("{cooldown_s: -1}", r"cooldown_s: -1, must be in \[0, 604800\]"),
    ],
)
def test_a_fault_in_the_settings_is_told_with_its_key(tmp_path, text, fault):
    """As everywhere: key, value, and what may stand there."""
    with pytest.raises(ConfigFaults, match=fault):
        publish(tmp_path, text)


def test_settings_survive_being_written_down(tmp_path):
    """As plain data and back, by the names in the program and by those in the file."""
    config = publish(tmp_path, "{quiet_hours: [{from: '22:00', to: '6:00'}], quiet_until: '2026-11-21T07:00:00Z'}")
    assert PublishConfig.model_validate(config.model_dump()) == config
    assert PublishConfig.model_validate_json(config.model_dump_json(by_alias=True)) == config

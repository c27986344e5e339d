"""When Home Assistant is told: once it is there, at its start, at a change, and that something is gone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from edged.home_assistant.announcer import JITTER_S, LEARN_S, MOST_HEARD, MOST_SHOWN, PAUSE_S, Announcer
from edged.home_assistant.config import HomeAssistantConfig
from edged.home_assistant.discovery import announcement, encode, without
from edged.sinks.mqtt.arrived import Arrived
from tests.home_assistant.boxes import BOX, DRONES, FACES
from tests.home_assistant.fake_home_assistant import HomeAssistant

TOPIC = "homeassistant/device/box-1/config"
STATUS = "homeassistant/status"
ONLY_DRONES = replace(BOX, pipelines={"drones": DRONES})


class Broker:
    """Keeps what is retained, and brings it to whoever listens."""

    def __init__(self):
        self.retained, self.sent, self._handlers = {}, [], []

    def join(self, handlers):
        self._handlers += handlers
        for topic, payload in list(self.retained.items()):
            self._bring(handlers, Arrived(topic, payload, retained=True))

    def publish(self, topic, payload, *, retain=True):
        self.sent.append((topic, payload))
        if retain:
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]
        self._bring(self._handlers, Arrived(topic, payload, retained=False))

    def _bring(self, handlers, arrived):
        for topic_filter, handler in handlers:
            if topic_matches_sub(topic_filter, arrived.topic):
                handler(arrived)


class Program:
    """An edged with its announcer; its words are sent when they are news, and all of them to a broker that is new."""

    def __init__(self, broker, box=BOX, **config):
        self.now_s, self.box, self._broker, self._words, self._handlers = 100.0, box, None, {}, []
        self.announcer = Announcer(
            HomeAssistantConfig(**config),
            box.device,
            lambda: self.box,
            lambda topic_filter, handler: self._handlers.append((topic_filter, handler)),
            self._retain_at,
            lambda: self.now_s,
            lambda _, most: most,
        )
        if broker:
            self.connect(broker)

    def connect(self, broker):
        self._broker = broker
        for topic, payload in self._words.items():
            broker.publish(topic, payload)
        broker.join(self._handlers)
        self.announcer.connected()
        self.pass_s(LEARN_S + 1)

    def pass_s(self, seconds):
        for _ in range(round(seconds)):
            self.now_s += 1
            self.announcer.tick()

    def change(self, box):
        self.box = box
        self.announcer.refresh()

    def _retain_at(self, topic, payload):
        if self._words.get(topic) != payload:
            self._words[topic] = payload
            if self._broker:
                self._broker.publish(topic, payload)


@pytest.fixture
def broker():
    return Broker()


def entities(broker):
    """What a Home Assistant that starts now has of the box."""
    home = HomeAssistant()
    home.discover(TOPIC, broker.retained.get(TOPIC, b""))
    return home.registry


def test_where_home_assistant_was_never_seen_nothing_is_announced(broker):
    """Until it starts; then it is told, though not by all boxes at once."""
    program = Program(broker)
    program.pass_s(60)
    assert broker.sent == []
    broker.publish(STATUS, b"online", retain=False)
    program.pass_s(JITTER_S + 1)
    assert "active_drones" in entities(broker)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (STATUS, b"online"),
        (STATUS, b"offline"),
        ("homeassistant/device/other/config", b"{}"),
        ("homeassistant/binary_sensor/bridge_1/connection_state/config", b"{}"),
    ],
)
def test_what_is_already_at_the_broker_shows_that_home_assistant_uses_it(broker, topic, payload):
    """No start of Home Assistant need be waited for."""
    broker.publish(topic, payload)
    Program(broker)
    assert "active_drones" in entities(broker)


def test_a_box_that_was_announced_once_is_announced_again(broker):
    """After its restart, with what it has now."""
    Program(broker, enabled=True)
    Program(broker, replace(BOX, version="0.2.0"))
    assert b"0.2.0" in broker.retained[TOPIC]


def test_where_it_is_switched_on_nothing_is_waited_for(broker):
    """Prefix and birth topic are the operator's."""
    Program(broker, enabled=True, prefix="my/home")
    assert list(broker.retained) == ["my/home/device/box-1/config"]


def test_nothing_is_announced_before_the_broker_has_said_what_it_holds():
    """What is to be removed must be known first."""
    program = Program(None, enabled=True)
    program.pass_s(60)
    assert program._words == {}


def test_at_each_start_of_home_assistant_the_box_is_announced_again(broker):
    """The same words once more, and only then."""
    program = Program(broker, enabled=True)
    program.pass_s(60)
    for count in (2, 3, 4):
        broker.publish(STATUS, b"online", retain=False)
        program.pass_s(60)
        assert len([topic for topic, _ in broker.sent if topic == TOPIC]) == count


def test_home_assistant_that_was_there_before_does_not_make_it_say_the_same_twice(broker):
    """A retained birth message is no start."""
    broker.publish(STATUS, b"online")
    Program(broker).pass_s(60)
    assert len([topic for topic, _ in broker.sent if topic == TOPIC]) == 1


def test_what_the_box_has_no_longer_is_removed_and_then_left_out(broker):
    """Home Assistant that listens removes the entity; one that starts later never sees it."""
    home = HomeAssistant()
    broker.join([(TOPIC, lambda arrived: home.discover(arrived.topic, arrived.payload))])
    program = Program(broker, enabled=True)
    assert "active_faces" in home.registry
    program.change(ONLY_DRONES)
    program.pass_s(3 * PAUSE_S)
    wanted = set(announcement(ONLY_DRONES).platforms)
    assert set(home.registry) == wanted
    assert encode(announcement(ONLY_DRONES).payload) == broker.retained[TOPIC]


def test_what_went_while_the_box_was_off_is_removed_too(broker):
    """No file is needed for it: the broker knows what was announced."""
    home = HomeAssistant()
    broker.join([(TOPIC, lambda arrived: home.discover(arrived.topic, arrived.payload))])
    Program(broker, enabled=True)
    Program(broker, ONLY_DRONES).pass_s(3 * PAUSE_S)
    assert set(home.registry) == set(announcement(ONLY_DRONES).platforms)


def test_a_box_that_stopped_halfway_through_a_removal_finishes_it(broker):
    """The announcement that removes does not stay."""
    broker.publish(TOPIC, encode(without(announcement(ONLY_DRONES), {"active_faces": "binary_sensor"})))
    Program(broker, ONLY_DRONES).pass_s(3 * PAUSE_S)
    assert encode(announcement(ONLY_DRONES).payload) == broker.retained[TOPIC]


def test_switched_off_after_having_been_announced_it_is_taken_back(broker):
    """And nothing else is said."""
    Program(broker, enabled=True)
    Program(broker, enabled=False).pass_s(60)
    assert broker.retained == {}
    sent = len(broker.sent)
    Program(broker, enabled=False).pass_s(60)
    assert len(broker.sent) == sent


def test_another_broker_gets_the_announcement_too(broker):
    """Also where the first one had it already, and nothing had to be sent."""
    Program(broker, enabled=True)
    program, second = Program(broker, enabled=True), Broker()
    program.connect(second)
    assert second.retained == broker.retained


def test_what_another_program_announces_is_left_alone(broker):
    """Two devices of one name: the other's entities are not ours to remove, until it takes them away itself."""
    other = b'{"o":{"name":"zigbee2mqtt"},"dev":{"ids":"x"},"cmps":{"a":{"p":"sensor","uniq_id":"b"}}}'
    broker.publish(TOPIC, other)
    program = Program(broker, enabled=True)
    program.pass_s(60)
    assert broker.retained[TOPIC] == other
    broker.publish(TOPIC, b"")
    program.pass_s(60)
    assert "active_drones" in entities(broker)


def test_who_deletes_the_device_is_not_fought(broker):
    """It comes back when Home Assistant starts, and not before."""
    program = Program(broker, enabled=True)
    broker.publish(TOPIC, b"")
    program.pass_s(600)
    assert TOPIC not in broker.retained
    broker.publish(STATUS, b"online", retain=False)
    program.pass_s(60)
    assert "active_drones" in entities(broker)


@given(st.lists(st.binary(max_size=20) | st.just(encode(announcement(BOX).payload)), max_size=4 * MOST_HEARD))
def test_a_flood_on_its_topic_is_bounded_and_costs_few_messages(payloads):
    """Whatever somebody writes there, the box says little and remembers little."""
    broker = Broker()
    program = Program(broker, ONLY_DRONES, enabled=True)
    before = len(broker.sent)
    for payload in payloads:
        broker.publish(TOPIC, payload)
    assert len(program.announcer._heard) <= MOST_HEARD
    program.pass_s(4 * PAUSE_S)
    assert len(broker.sent) - before - len(payloads) <= 4


def test_of_invented_entities_only_so_many_are_remembered(broker):
    """Somebody who may write there cannot make the box grow."""
    program = Program(broker, enabled=True)
    many = {f"made_up_{number}": {"platform": "sensor", "name": "x"} for number in range(1000)}
    broker.publish(TOPIC, encode({**announcement(BOX).payload, "components": many}))
    program.pass_s(1)
    assert len(program.announcer._shown) == MOST_SHOWN


def test_many_changes_within_a_moment_are_announced_as_one(broker):
    """A box whose parts come and go does not fill the broker."""
    program = Program(broker, enabled=True)
    program.pass_s(60)
    before = len(broker.sent)
    for number in range(round(PAUSE_S) - 1):
        program.change(replace(BOX, version=f"0.2.{number}"))
        program.pass_s(1)
    program.pass_s(60)
    assert len(broker.sent) - before == 2


STEPS = st.lists(st.sampled_from(["birth", "less", "more", "restart", "wait", "wait long"]), max_size=12)


@settings(max_examples=30)
@given(STEPS)
def test_whatever_happens_home_assistant_ends_up_with_what_the_box_has(steps):
    """One that listens all the time, and one that starts at the end, have the same entities."""
    broker, home = Broker(), HomeAssistant()
    broker.join([(TOPIC, lambda arrived: home.discover(arrived.topic, arrived.payload))])
    program = Program(broker, enabled=True)
    boxes = {"less": ONLY_DRONES, "more": replace(BOX, pipelines={"drones": DRONES, "faces": FACES, "door": FACES})}
    for step in steps:
        match step:
            case "birth":
                broker.publish(STATUS, b"online", retain=False)
            case "less" | "more":
                program.change(boxes[step])
            case "restart":
                program = Program(broker, program.box, enabled=True)
            case _:
                program.pass_s(60 if "long" in step else 2)
    program.pass_s(60)
    wanted = set(announcement(program.box).platforms)
    assert (set(home.registry), set(entities(broker))) == (wanted, wanted)

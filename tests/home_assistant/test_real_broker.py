"""A box and a Home Assistant on a real mosquitto."""

import json

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edged.home_assistant.announcer import JITTER_S, LEARN_S, PAUSE_S, Announcer
from edged.home_assistant.config import HomeAssistantConfig
from edged.home_assistant.discovery import announcement
from edged.outbox import Outbox
from edged.runtime.health import Health
from edged.sinks.mqtt import Mqtt, MqttConfig
from tests.broker import wait_until
from tests.home_assistant.boxes import BOX, active, an_event_message, info
from tests.home_assistant.fake_home_assistant import HomeAssistant
from tests.home_assistant.test_announcer import ONLY_DRONES

TOPIC = "homeassistant/device/box-1/config"


class Home(HomeAssistant):
    """Subscribes to announcements, and to the box's topics as soon as it has its entities; says when it starts."""

    def __init__(self, port):
        super().__init__()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda *_: self._client.subscribe("homeassistant/device/+/config", qos=1)
        self._client.on_subscribe = self._on_subscribe
        self._client.connect("127.0.0.1", port)
        self._started = False
        self._client.loop_start()

    def _on_subscribe(self, *_):
        if not self._started:
            self._started = True
            self._client.publish("homeassistant/status", "online", qos=1)

    def _on_message(self, _client, _data, message):
        if message.topic == TOPIC:
            self.discover(message.topic, message.payload)
            self._client.subscribe("edged/box-1/#", qos=1)  # anew, as retained words came before the entities
        else:
            self.take(message.topic, message.payload)

    def press(self, key, value="PRESS"):
        topic, payload = self[key].ask(value)
        self._client.publish(topic, payload, qos=1)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets()


class Box:
    """The box's own side, whose time the test sets."""

    def __init__(self, port, box):
        self.now_s, self.box, self.requests, self._connections = 0.0, box, [], 0
        self.mqtt = Mqtt(MqttConfig(host="127.0.0.1", port=port), "box-1", Outbox(), Health().part("sinks.mqtt"))
        self.announcer = Announcer(
            HomeAssistantConfig(),
            "box-1",
            lambda: self.box,
            self.mqtt.listen,
            self.mqtt.retain_at,
            lambda: self.now_s,
            lambda _, most: most,
        )
        self.mqtt.listen("edged/box-1/request/#", self.requests.append)
        self.mqtt.on_connected(self._on_connected)
        self.mqtt.retain("info", info().decode())
        for part in box.sources:
            self.mqtt.retain(f"availability/{part}", "online")
        self.mqtt.start()
        wait_until(lambda: self._connections)
        wait_until(lambda: self.requests or self.mqtt.say("request/probe", b"{}") is None)  # until it is subscribed

    def _on_connected(self):
        self.announcer.connected()
        self._connections += 1

    def pass_s(self, seconds):
        self.now_s += seconds
        self.announcer.tick()

    def stop(self):
        self.mqtt.stop(4)


@pytest.fixture
def box(broker):
    made = Box(broker.port, BOX)
    yield made
    made.stop()


@pytest.fixture
def home(broker, box):
    made = Home(broker.port)
    wait_until(lambda: box.announcer._born)
    box.pass_s(LEARN_S)
    box.pass_s(JITTER_S + PAUSE_S)
    wait_until(lambda: made.registry)
    yield made
    made.close()


def test_home_assistant_starts_and_follows_the_box(box, home):
    """From its birth message to a drone that comes and goes, and to the box's own goodbye."""
    box.mqtt.retain("active/drones", active(an_event_message()))
    wait_until(lambda: home["active_drones"].state == "on")
    box.mqtt.retain("active/drones", active())
    wait_until(lambda: home["active_drones"].state == "off")
    box.stop()
    wait_until(lambda: home["active_drones"].state == "unavailable")


def test_what_home_assistant_asks_reaches_the_box(box, home):
    """A button and a switch, each as a request of its own."""
    home.press("restart")
    home.press("enabled_faces", "OFF")
    wait_until(lambda: len({each.topic for each in box.requests}) == 3)
    asked = [(each.topic, json.loads(each.payload)) for each in box.requests if "probe" not in each.topic]
    assert [topic for topic, _ in asked] == ["edged/box-1/request/restart", "edged/box-1/request/set"]
    assert (asked[0][1]["part"], asked[1][1]["pipeline"], asked[1][1]["enabled"]) == ("daemon", "faces", False)
    assert not any(each.retained for each in box.requests)


def test_a_restarted_box_with_less_removes_what_it_has_no_longer(broker, box, home):
    """It learns from the broker what it announced before; a Home Assistant that starts later never sees it."""
    assert "active_faces" in home.registry
    box.stop()
    again = Box(broker.port, ONLY_DRONES)
    wait_until(lambda: again.announcer._heard)
    again.pass_s(LEARN_S + 1)
    wait_until(lambda: "active_faces" not in home.registry)
    wait_until(lambda: again.announcer._heard)
    again.pass_s(PAUSE_S)
    wait_until(lambda: again.announcer._heard)
    late = Home(broker.port)
    wait_until(lambda: late.registry)
    wanted = set(announcement(ONLY_DRONES).platforms)
    assert (set(home.registry), set(late.registry)) == (wanted, wanted)
    late.close()
    again.stop()

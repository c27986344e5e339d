"""The broker that is shipped for a fleet, on a real mosquitto: a box speaks for itself and for nobody else."""

import json
import subprocess

import pytest
import soundfile
import yaml

from edged.settings import Settings
from edged.synthesis import FlyOver, fly_over
from tests import wire_contract
from tests.broker import wait_until
from tests.fleet import NOT_AUTHORIZED, Client, Fleet, block
from tests.system.programs import Running

ODD = ("+", "#")
"""User names that would mean more than one topic in a pattern."""
DISCOVERY = "homeassistant/device/{}/config"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """Two boxes, one that is to be stolen, and names that nobody should have."""
    made = Fleet(tmp_path_factory.mktemp("fleet"), ("barn", "mill", "stolen"))
    for name in ODD:
        subprocess.run(["mosquitto_passwd", "-b", made.folder / "passwords.boxes", name, "odd"], check=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(fleet):
    """Makes clients; they are gone at the end, and so is what they left behind."""
    made = []

    def make(user, *, box=False, **options):
        made.append(Client(fleet, user, box=box, **options))
        return made[-1]

    yield make
    for it in made:
        it.close()
    janitor = Client(fleet, "janitor", box=False)
    for prefix in ("edged", "homeassistant"):
        janitor.listen(f"{prefix}/#")
        janitor.say(f"{prefix}/that-was-all")
        wait_until(lambda prefix=prefix: janitor.heard(f"{prefix}/that-was-all"))
    for topic in {topic for topic, _ in janitor.messages}:
        janitor.say(topic, b"", retain=True)
    janitor.close()


def topics(action):
    """Every topic of the contract that a box publishes (or takes), with the parameters of the document's examples."""
    document = wire_contract.document()
    parameters = {name: it["examples"][0] for name, it in document["components"]["parameters"].items()}
    used = {it["channel"]["$ref"].split("/")[-1] for it in document["operations"].values() if it["action"] == action}
    addresses = [document["channels"][name]["address"].split("/", 2)[2] for name in used]
    return sorted(address.format(**parameters) for address in addresses)


SENT = topics("send")


def test_a_box_may_say_all_that_it_has_to_say(client):
    """Every channel of the contract, as it is published; and its operator sees it."""
    operator, box = client("operator"), client("barn", box=True)
    operator.listen("edged/#")
    for topic in SENT:
        assert box.say(f"edged/barn/{topic}") < 0x80, topic
    wait_until(lambda: {topic for topic, _ in operator.messages} == {f"edged/barn/{topic}" for topic in SENT})


def test_a_box_hears_what_it_is_asked_and_its_last_will_is_heard(client):
    """From its operator and from Home Assistant, whose start it sees too."""
    operator, home, box = client("operator"), client("homeassistant"), client("barn", box=True, will="edged/barn/state")
    operator.listen("edged/#")
    box.listen("edged/barn/request/+")
    box.listen("homeassistant/status")
    operator.say("edged/barn/request/ping")
    home.say("edged/barn/request/health")
    home.say("homeassistant/status", b"online")
    wait_until(lambda: len(box.messages) == 3)
    box.vanish()
    wait_until(lambda: operator.heard("edged/barn/state") == [b"gone"])


def test_a_box_announces_itself_to_home_assistant_and_takes_it_back(client):
    """Itself, and nobody else."""
    home, box = client("homeassistant"), client("barn", box=True)
    home.listen("homeassistant/#")
    for payload in (b"{}", b""):
        assert box.say(DISCOVERY.format("barn"), payload, retain=True) < 0x80
    assert box.say(DISCOVERY.format("mill")) == NOT_AUTHORIZED
    assert box.say("homeassistant/sensor/mill/config") == NOT_AUTHORIZED
    assert box.say("homeassistant/status") == NOT_AUTHORIZED
    wait_until(lambda: home.heard(DISCOVERY.format("barn")) == [b"{}", b""])
    box.listen(DISCOVERY.format("barn"))
    box.say(DISCOVERY.format("barn"), b"own")
    wait_until(lambda: box.heard(DISCOVERY.format("barn")) == [b"own"])
    assert {topic for topic, _ in home.messages} == {DISCOVERY.format("barn")}


def test_a_box_can_speak_for_no_other_box_and_ask_nothing(client):
    """Each is denied by the broker's word, and never arrives."""
    operator, box = client("operator"), client("barn", box=True)
    operator.listen("edged/#")
    for topic in (*SENT, "request/ping"):
        assert box.say(f"edged/mill/{topic}", retain=True) == NOT_AUTHORIZED, topic
    for topic in ("edged/barn/request/ping", "edged/barn", "edged/barn/other", "edged/state", "barn/state", "x"):
        assert box.say(topic) == NOT_AUTHORIZED, topic
    box.say("edged/barn/state", b"last")
    wait_until(lambda: operator.heard("edged/barn/state"))
    assert operator.messages == [("edged/barn/state", b"last")]


def test_a_box_can_hear_nothing_of_another_box(client):
    """Neither live nor retained, by name or by wildcard, whatever it subscribes to."""
    other, operator, box = client("mill", box=True), client("operator"), client("barn", box=True)
    other.say("edged/mill/info", b"secret", retain=True)
    other.say(DISCOVERY.format("mill"), b"secret", retain=True)
    for topic in (
        "#",
        "edged/#",
        "+/+/+",
        "+/mill/#",
        "edged/mill/request/+",
        "edged/mill/#",
        "homeassistant/#",
        "$SYS/#",
    ):
        box.listen(topic)
    for topic in SENT:
        other.say(f"edged/mill/{topic}", b"secret")
    operator.say("edged/mill/request/ping", b"secret")
    operator.say("edged/barn/request/ping", b"own")
    wait_until(lambda: box.heard("edged/barn/request/ping"))
    assert {payload for _, payload in box.messages} == {b"own"}


def test_a_box_can_leave_no_last_will_for_another(client):
    """Mosquitto 2.0.11 takes it and never says it."""
    operator, box = client("operator"), client("barn", box=True, will="edged/mill/state")
    operator.listen("edged/#")
    box.vanish()
    client("barn", box=True).say("edged/barn/state")
    wait_until(lambda: operator.messages)
    assert {topic for topic, _ in operator.messages} == {"edged/barn/state"}


def test_a_box_can_push_no_other_out_by_its_client_id(client):
    """Its name is its client id, whatever it says."""
    other = client("mill", box=True, client_id="edged-mill")
    for name in ("edged-mill", "mill"):
        assert client("barn", box=True, client_id=name).refusal is None
    assert other.say("edged/mill/state") < 0x80
    assert not other.gone.is_set()


def test_an_operator_sees_all_asks_all_and_says_nothing_for_a_box(client):
    """Nor does Home Assistant, which may write below its own prefix."""
    operator, home, watch = client("operator"), client("homeassistant"), client("homeassistant", client_id="watch")
    watch.listen("#")
    for topic in SENT:
        for person in (operator, home):
            assert person.say(f"edged/barn/{topic}") == NOT_AUTHORIZED, topic
    assert operator.say("homeassistant/status") == NOT_AUTHORIZED
    assert operator.say(DISCOVERY.format("barn")) == NOT_AUTHORIZED
    assert operator.say("edged/mill/request/ping") < 0x80
    wait_until(lambda: watch.messages)
    assert watch.messages == [("edged/mill/request/ping", b"x")]


@pytest.mark.parametrize(
    ("user", "options"),
    [
        ("", {"box": True}),
        ("", {"box": False}),
        ("barn", {"box": True, "password": "wrong"}),
        ("nobody", {"box": True, "password": "wrong"}),
        ("barn", {"box": False}),
        ("operator", {"box": True}),
    ],
)
def test_without_the_right_password_at_the_right_door_nobody_gets_in(client, user, options):
    """A box's password opens the boxes' listener alone, an operator's that of people."""
    assert client(user, **options).refusal in {"Not authorized", "hung up"}


def test_a_name_that_is_a_wildcard_gets_nothing(client):
    """Should somebody add such a user: mosquitto gives `+` neither others' topics nor its own."""
    operator, odd = client("operator"), client("+", box=True, password="odd")
    operator.listen("edged/#")
    for topic in ("#", "edged/+/request/+", "edged/#"):
        odd.listen(topic)
    for topic in ("edged/barn/state", "edged/barn/event/drones", "edged/x/state"):
        assert odd.say(topic) == NOT_AUTHORIZED, topic
    operator.say("edged/barn/request/ping")
    client("barn", box=True).say("edged/barn/state", b"last")
    wait_until(lambda: operator.heard("edged/barn/state"))
    assert operator.heard("edged/barn/state") == [b"last"]
    assert odd.messages == []


def test_a_name_that_is_a_comment_does_not_get_in(client):
    """A line of the password file that begins with `#`."""
    assert client("#", box=True, password="odd").refusal == "Not authorized"


def test_a_stolen_box_is_put_out_when_its_password_is_taken_away(fleet, client):
    """At the reload; the others stay."""
    stolen, other = client("stolen", box=True), client("barn", box=True)
    assert stolen.say("edged/stolen/gap") < 0x80
    fleet.do("A stolen box", "barn", "stolen")
    fleet.reload()
    assert stolen.gone.wait(10)
    assert "Not authorized" in client("stolen", box=True).refusal
    assert other.say("edged/barn/gap") < 0x80


def test_what_waits_for_a_reader_that_is_away_survives_a_restart_of_the_broker(tmp_path):
    """Also with rights by listener, and for what comes after the restart."""
    fleet = Fleet(tmp_path, ("barn",))
    fleet.start()
    reader = Client(fleet, "operator", box=False, session_s=3600)
    reader.listen("edged/#")
    reader.close()
    for payload in (b"before", b"after"):
        box = Client(fleet, "barn", box=True)
        box.say("edged/barn/event/drones", payload)
        box.close()
        fleet.stop()
        fleet.start()
    back = Client(fleet, "operator", box=False, session_s=3600)
    wait_until(lambda: len(back.messages) == 2)
    assert back.heard("edged/barn/event/drones") == [b"before", b"after"]
    back.close()
    fleet.stop()


def test_with_certificates_asked_for_a_password_alone_is_of_no_use(tmp_path):
    """The line that is only a comment as shipped."""
    fleet = Fleet(tmp_path, ("barn",), "require_certificate true")
    fleet.do("A box's certificate")
    fleet.start()
    clients = [Client(fleet, "barn", box=True, certificate=certificate) for certificate in (None, "barn")]
    assert clients[0].refusal
    assert clients[1].refusal is None
    for it in clients:
        it.close()
    fleet.stop()


def test_edged_itself_with_the_settings_that_the_readme_shows(fleet, client, tmp_path):
    """TLS, the password and the rights are all that it needs: the broker denies nothing that it says."""
    operator = client("operator")
    operator.listen("edged/#")
    recording, config = tmp_path / "pass.wav", FlyOver(duration_s=6, quiet_s=1.5)
    soundfile.write(recording, fly_over(config), config.rate_hz)
    text = block("A box", "yaml").replace("broker.example.org", "localhost").replace("/etc/edged", str(fleet.folder))
    settings = yaml.safe_load(text.replace("8883", str(fleet.boxes_port)))
    Settings.model_validate(settings)
    settings["sources"] = {"microphone": {"type": "recording", "path": str(recording), "loop": True}}
    running = Running(tmp_path, settings)
    try:
        wait_until(lambda: operator.heard("edged/barn/event/drones"))
    finally:
        assert running.stop() == 0
    wait_until(lambda: operator.heard("edged/barn/state")[-1:] == [b'{"state":"offline"}'])
    health = json.loads(operator.heard("edged/barn/health")[-1])
    assert health["parts"]["sinks.mqtt"]["counters"].get("refused", 0) == 0
    assert not [line for line in running.log if "refuses" in line]

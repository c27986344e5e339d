"""What is taken out of a text before it leaves the box."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.support.redactor import Redactor

SECRET, NAME = "hunter2-Bäckerei/7+9", "Žofia Brückner"
REDACT = Redactor({"mqtt.password_file": SECRET}, [NAME])


def forms(text):
    """In which a text may stand in a log or a configuration."""
    return {
        "plain": text,
        "upper": text.upper(),
        "json": json.dumps(text),
        "json in json": json.dumps(json.dumps(text)),
        "url": quote(text, safe=""),
        "repr": repr(text),
        "bytes": repr(text.encode()),
    }


@pytest.mark.parametrize("form", forms(SECRET))
def test_a_secret_goes_in_every_form(form):
    """And the setting that it belongs to is named in its place."""
    told = REDACT(f"cannot connect: {forms(SECRET)[form]}!")
    assert "hunter2" not in told.lower()
    assert told.startswith("cannot connect: ")
    assert told.endswith("!")


@pytest.mark.parametrize("before", ["", "b", "ba", "bar", "barn:"])
def test_a_secret_goes_wherever_it_stands_in_base64(before):
    """As in HTTP's basic authorisation, with and without its word."""
    encoded = base64.b64encode(f"{before}{SECRET}".encode()).decode()
    inner = base64.b64encode(SECRET.encode()).decode()[4:-8]
    for line in (f"Authorization: Basic {encoded}", f"sent {encoded} to the camera"):
        told = REDACT(line)
        assert encoded not in told
        assert inner not in told


@pytest.mark.parametrize("form", ["plain", "upper", "json", "url", "repr"])
@pytest.mark.parametrize("name", [NAME, "Žofia", "Brückner"])
def test_a_name_goes_in_every_form_and_each_of_its_words(name, form):
    """Whatever stands about it."""
    told = REDACT(f"label={forms(name)[form]}, seen at the gate")
    assert forms(name)[form].strip("\"'") not in told
    assert "seen at the gate" in told
    assert "[person]" in told


def test_a_name_within_a_word_is_none():
    """A box whose people are called Al and Max still says what its alarm's maximum was."""
    redact = Redactor({}, ["Al", "Max"])
    assert redact("alarm: maximum 3; Al and max came") == "alarm: maximum 3; [person] and [person] came"


@pytest.mark.parametrize("line", ["at\\nAna came", "at/ana1.jpg", "seen_Ana_again", "who=%20Ana%20", "ANA's"])
def test_a_name_is_found_beside_escapes_digits_and_underscores(line):
    """As file names, topics and quoted texts have it."""
    assert "ana" not in Redactor({}, ["Ana"])(line).replace("again", "").lower()


def test_json_is_redacted_text_by_text():
    """Its names too; numbers stay what they are."""
    value = {"Ana": ["x\nAna", 3, None, {"who": "Ana"}]}
    assert Redactor({}, ["Ana"]).value(value) == {"[person]": ["x\n[person]", 3, None, {"who": "[person]"}]}


def test_a_short_secret_does_not_eat_every_word():
    """It goes where it is a word."""
    redact = Redactor({"mqtt.password_file": "ok"}, [])
    assert redact("broker: ok, okay") == "broker: [removed: mqtt.password_file], okay"


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("rtsp://ana:s3same@192.0.2.7/live", "s3same"),
        ("http://192.0.2.7/v?user=ana&password=s3same&x=1", "s3same"),
        ("password: s3same", "s3same"),
        ('"mqtt_password": "s3 same"', "s3 same"),
        ("api_key='s3same' x", "s3same"),
        ("Authorization: Bearer s3same.s3same", "s3same"),
        ("-----BEGIN PRIVATE KEY-----\ns3same\n-----END PRIVATE KEY-----", "s3same"),
        ("-----BEGIN PRIVATE KEY-----\ns3same cut off", "s3same"),
        ("picture: " + base64.b64encode(bytes(range(200))).decode(), "AAECAwQF"),
        ("wrapped\n" + base64.encodebytes(bytes(range(200))).decode(), "AAECAwQF"),
        ("in a URL " + quote(base64.b64encode(bytes(range(200))).decode(), safe=""), "AAECAwQF"),
        ("black " + base64.b64encode(bytes(200)).decode(), "AAAAAAAA"),
        ("crop " + bytes(range(128, 228)).hex(), "8081828384"),
        ("got " + repr(bytes(range(128, 228))), "x80"),
        ('{"label":"Ana","subject":"person:01J"}', "Ana"),
        ('{"subject": "person:01J", "label": "Ana \\"the\\" B"}', "Ana"),
        ('text="{\\"label\\":\\"Ana\\",\\"subject\\":\\"person:1\\"}"', "Ana"),
        ("event subject=person:01J label=Ana", "Ana"),
    ],
)
def test_what_looks_private_goes_though_nobody_knows_it(line, gone):
    """Secrets of other programs, people who were erased since, pictures as text."""
    told = Redactor({}, [])(f"before\n{line}\nafter")
    assert gone not in told
    assert told.startswith("before\n")


def test_what_a_maintainer_needs_stays():
    """Sums, ids, topics, paths, labels of what is nobody."""
    text = (
        f"model drone_sound sha256={'ab' * 32} topic=edged/barn/event/drones id=01JD8Z0000000000000000000A\n"
        '{"label":"drone","subject":null,"confidence":0.93}\n'
        "mqtt.password_file: /etc/edged/broker-login: others may read it (mode 0644)\n"
        f"/opt/edged/versions/0.1.0/lib/python3.11/site-packages/{'a_long_path/' * 8}edged/sinks/mqtt/connection.py\n"
        "ValueError: password_file is missing, at 192.0.2.7:1883, http://192.0.2.7/video.mjpg\n"
    )
    assert Redactor({}, [])(text) == text


def test_addresses_go_where_that_is_asked_for():
    """But not the box's own loopback, times, versions and numbers of USB devices."""
    redact = Redactor({}, [], addresses=True)
    text = "192.0.2.7:1883 fe80::1ff:fe23:4567:890a 127.0.0.1 ::1 at 12:30:05 usb 18d1:9302 v1.2.3 mac 00:11:22"
    assert redact(text) == "[address]:1883 [address] 127.0.0.1 ::1 at 12:30:05 usb 18d1:9302 v1.2.3 mac 00:11:22"


def test_json_stays_json():
    """Its values are emptied, and its keys stay."""
    value = {"a_password": 'x"y', "label": NAME, "subject": "person:1", "url": f"rtsp://u:{SECRET}@h/"}
    told = json.loads(REDACT(json.dumps(value)))
    assert list(told) == list(value)
    assert told["a_password"] == told["label"] == "[removed]"


@given(st.text(), st.text(min_size=4, max_size=40).filter(str.strip), st.text())
def test_no_text_brings_a_secret_through(before, secret, after):
    """Whatever it is made of, and whatever stands beside it; nothing breaks."""
    secret = f"§{secret}§"
    assert secret not in Redactor({"k": secret}, [])(before + secret + after)

"""The contract: documents that are current, hold to their own standards, and to what a box really says."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.cli import main
from edged.contract import documents
from edged.contract.examples import examples
from edged.messages.requests import REQUESTS, SetRequest
from edged.synthesis import FlyOver, fly_over
from tests import wire_contract
from tests.broker import wait_until
from tests.system.programs import Running

TOPICS = {
    "state": "state",
    "info": "info",
    "health": "health",
    "availability": "availability/usb-0",
    "event": "event/drones",
    "active": "active/drones",
    "gap": "gap",
    "response": "response/ping",
} | {f"{command}_request": f"request/{command}" for command in REQUESTS}
"""By payload: a topic that it is said on."""


def encoded(payload):
    return payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()


def example(name):
    return copy.deepcopy(examples()[name][0])


def test_the_shipped_documents_are_what_the_message_types_say(tmp_path):
    """`edged check --contract config` makes them anew; none is missing and none is left over."""
    assert main(["check", "--contract", str(tmp_path)]) == 0
    shipped = [wire_contract.FOLDER / "asyncapi.yaml", *(wire_contract.FOLDER / "schemas").iterdir()]
    assert {str(path.relative_to(wire_contract.FOLDER)) for path in shipped} == set(documents())
    for path in shipped:
        assert path.read_bytes() == (tmp_path / path.relative_to(wire_contract.FOLDER)).read_bytes(), path


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path, capsys):
    """With what to do."""
    (tmp_path / "file").touch()
    assert main(["check", "--contract", str(tmp_path / "file")]) == 1
    assert "name a folder that you may write to" in capsys.readouterr().err


def test_the_document_is_valid_asyncapi():
    """By the AsyncAPI Initiative's own schema of version 3.0.0."""
    schema = json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text())
    assert [fault.message for fault in jsonschema.Draft7Validator(schema).iter_errors(wire_contract.document())] == []
    broken = copy.deepcopy(wire_contract.document())
    broken["operations"]["sendEvent"]["bindings"]["mqtt"]["qos"] = 3
    assert not jsonschema.Draft7Validator(schema).is_valid(broken)


def references(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def test_every_reference_leads_somewhere():
    """In the document to a part of it or a file beside it; every schema file is referred to."""
    found = set(references(wire_contract.document()))
    assert all(wire_contract.resolve(reference) for reference in found)
    assert {reference for reference in found if not reference.startswith("#")} == set(documents()) - {"asyncapi.yaml"}


def test_every_parameter_of_an_address_is_described():
    """And none besides."""
    for channel in wire_contract.document()["channels"].values():
        in_address = {part[1:-1] for part in channel["address"].split("/") if part.startswith("{")}
        assert set(channel["parameters"]) == in_address
    assert {it.name for it in wire_contract.channels() if it.retained} == {
        "state",
        "info",
        "health",
        "availability",
        "active",
    }


def test_every_key_of_what_is_sent_is_there_even_where_it_has_a_default():
    """A reader need not know our defaults."""
    schema = wire_contract.resolve("schemas/event.json")
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize("name", TOPICS)
def test_examples_hold_to_their_schemas(name):
    """Those of the document, on a topic where they may be said."""
    message = wire_contract.document()["components"]["messages"][name]
    assert [it["payload"] for it in message["examples"]] == examples()[name]
    for payload in examples()[name]:
        wire_contract.check(TOPICS[name], encoded(payload))


@pytest.mark.parametrize("name", [name for name in TOPICS if name != "availability"])
def test_a_key_too_many_and_a_key_too_few_are_refused(name):
    """In every JSON message."""
    with pytest.raises(AssertionError, match="'surprise' was unexpected"):
        wire_contract.check(TOPICS[name], encoded(example(name) | {"surprise": 1}))
    required = wire_contract.resolve(f"schemas/{name}.json")["required"]
    assert required
    for key in required:
        payload = example(name)
        del payload[key]
        with pytest.raises(AssertionError, match=f"'{key}' is a required property"):
            wire_contract.check(TOPICS[name], encoded(payload))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("state", {"state": "away"}),
        ("event", {"seq": "1"}),
        ("event", {"phase": "middle"}),
        ("event", {"seq": 0}),
        ("event", {"id": "drone-1"}),
        ("event", {"confidence": 1.01}),
        ("event", {"started_at": "2026-11-18 12:00:04"}),
        ("event", {"phase": "end"}),
        ("event", {"ended_at": "2026-11-18T12:00:19.750Z"}),
        ("event", {"subject": "Ada"}),
        ("event", {"schema_version": 2}),
        ("info", {"config_sha256": "e3"}),
        ("health", {"outbox_waiting": -1}),
        ("event", {"evidence": {"f0_hz": None}}),
        ("event", {"pipeline": "others"}),
        ("event", {"evidence": {f"name_{number}": 0.5 for number in range(200)}}),
        ("gap", {"ranges": [[1]]}),
        ("gap", {"ranges": [[1, 2, 3]]}),
        ("health", {"state": "fine"}),
        ("response", {"status": "maybe"}),
        ("set_request", {"threshold": 1.4}),
        ("set_request", {"at": None}),
        ("people_request", {"action": "erase", "person": "me"}),
        ("models_request", {"action": "list"}),
        ("feedback_request", {"event": "it"}),
    ],
)
def test_what_is_wrong_in_a_message_is_refused(name, changes):
    """A type, a word, a range, a length, a key that its action has no use for."""
    with pytest.raises(AssertionError):
        wire_contract.check(TOPICS[name], encoded(example(name) | changes))


ID = "01KA8XJQ5CDP3X7T6R4M2N9VZB"
SAID = {
    "transaction": ["7f3a", "", 1],
    "part": ["daemon", "Drones"],
    "pipeline": ["drones", "a/b", None],
    "threshold": [0.5, 0, 2, "0.5", None],
    "enabled": [True, 1, None],
    "quiet_until": ["2026-11-18T13:00:00Z", None, 13],
    "action": ["list", "use", "roll_back", "rename", "erase", "enroll", "dance"],
    "model": ["drone_sound", ""],
    "person": [ID, "Ada"],
    "name": ["Ada", ""],
    "camera": ["door", 0],
    "count": [3, 0, True],
    "event": [ID, "it"],
    "file": ["sound.flac", "../key"],
    "offset": [0, 5, -1],
    "verdict": ["correct", "perhaps"],
    "label": ["owl", "An Owl"],
}
"""By key: what a request may say, rightly or wrongly."""


@pytest.mark.parametrize("command", REQUESTS)
@settings(max_examples=50)
@given(data=st.data())
def test_a_schema_accepts_what_the_box_accepts_and_nothing_else(command, data):
    """Requests put together at random, all with their time: schema and type agree."""
    request = REQUESTS[command]
    keys = data.draw(st.sets(st.sampled_from(sorted(set(request.model_fields) - {"at"})))) | {"transaction"}
    asked = {key: data.draw(st.sampled_from(SAID[key]), key) for key in sorted(keys)}
    asked["at"] = "2026-11-18T12:00:00Z"
    try:
        accepted = bool(request.model_validate(asked))
    except ValidationError:
        accepted = False
    schema = wire_contract.validator(f"schemas/{command}_request.json")
    if request is not SetRequest and None in asked.values():
        return  # the box passes over a null where the schemas have none
    assert schema.is_valid(asked) == accepted


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("event/Drones", b"{}"),
        ("event", b"{}"),
        ("availability/microphone", b"maybe"),
        ("availability/microphone/x", b"online"),
        ("request/dance", b'{"transaction": "1"}'),
        ("state", b'{"state": "online", "state": "offline"}'),
        ("gap", b'{"schema_version": 1, "ranges": [], "dropped": NaN}'),
        ("gap", b""),
        ("event/drones/01KA8XJQ5CDP3X7T6R4M2N9VZB/image", b"GIF89a"),
    ],
)
def test_topics_and_payloads_of_no_channel_are_refused(topic, payload):
    """The checker can fail; it is what every run is held to."""
    with pytest.raises(AssertionError):
        wire_contract.check(topic, payload)


def test_what_should_be_retained_and_is_not_is_refused():
    """And the other way round."""
    with pytest.raises(AssertionError, match="retained"):
        wire_contract.check("state", b'{"state":"online"}', retained=False)
    with pytest.raises(AssertionError, match="retained"):
        wire_contract.check("gap", encoded(example("gap")), retained=True)


def test_all_that_a_run_publishes_holds_to_the_contract(tmp_path, broker):
    """The real program on a fly-over, two pipelines, from its first word to its last."""
    recording, sound = tmp_path / "pass.wav", FlyOver(duration_s=6, quiet_s=1.5)
    soundfile.write(recording, fly_over(sound), sound.rate_hz)
    recorder = wire_contract.Recorder(broker.port)
    config = {
        "device": "box",
        "sources": {"microphone": {"type": "recording", "path": str(recording)}},
        "pipelines": {"drones": {}, "sensitive": {"smoothing": {"votes": 2}}},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
    }
    running = Running(tmp_path, config)
    assert running.process.wait(40) == 0
    running.stop()
    wait_until(lambda: recorder.heard and recorder.heard[-1].payload == b'{"state":"offline"}')
    recorder.close()
    used = recorder.check_all("edged/box")
    assert used >= {"state", "info", "health", "availability", "event", "active"}
    assert all(it.topic.startswith("edged/box/") for it in recorder.heard)

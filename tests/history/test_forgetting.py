"""Whoever was erased from the gallery is in the history no longer, in no byte of it; others stay."""

import json

import pytest

from edged.history.filter import Filter
from edged.history.forgetting import Forgetting
from edged.history.reader import reading
from edged.history.record import ERASED, record_of
from edged.history.store import Store
from edged.history.upkeep import UPKEEP_S
from edged.messages.event import Phase
from edged.messages.health import State
from edged.runtime.health import Health
from tests.history.boxes import Box, a_message

ANA, BEN = "01HANA", "01HBEN"
NAME = "Ana Unmistakable"


def about(number, person=ANA, label=NAME, phase=Phase.START):
    return a_message(phase, number, number + 1, pipeline="faces", label=label, subject=person and f"person:{person}")


def files_with(folder, *secrets):
    return [path.name for path in folder.iterdir() if any(secret.encode() in path.read_bytes() for secret in secrets)]


def test_events_of_an_erased_person_stay_without_name_and_id(tmp_path):
    """Neither is in any file, the log of writes included; those of others are as they were."""
    box = Box(tmp_path)
    box.tell(*(about(number) for number in range(5)), about(5, BEN, "Ben"), about(6, None, "unknown"))
    assert files_with(tmp_path, NAME, ANA)
    box.erased.append(ANA)
    box.pass_s(UPKEEP_S)
    box.history.step()
    assert files_with(tmp_path, NAME, ANA) == []
    events = box.events()
    assert [(event.label, event.subject) for event in events[4:]] == [
        (ERASED, None),
        ("Ben", "person:01HBEN"),
        ("unknown", None),
    ]
    assert events[0].message.label == ERASED
    assert events[0].message.evidence == {"f0_hz": 180.1235, "windows": 3.0}
    box.stop()
    assert files_with(tmp_path, NAME, ANA) == []


def test_an_event_that_is_on_when_its_person_is_erased_ends_without_a_name(tmp_path):
    """What the pipeline still says of them is not kept either."""
    box = Box(tmp_path)
    box.tell(about(1))
    box.erased.append(ANA)
    box.pass_s(UPKEEP_S)
    box.tell(about(1, phase=Phase.UPDATE))
    box.tell(about(1, phase=Phase.END))
    (event,) = box.events()
    assert (event.label, event.subject, event.updates, event.ended_s is None) == (ERASED, None, 1, False)
    assert files_with(tmp_path, NAME, ANA) == []
    box.stop()


def test_who_was_erased_while_edged_was_off_is_forgotten_at_its_start(tmp_path):
    """Before anything else is written."""
    box = Box(tmp_path)
    box.tell(about(1))
    box.stop()
    box.erased.append(ANA)
    box.start()
    box.history.step()
    assert files_with(tmp_path, NAME, ANA) == []
    box.stop()


def test_a_reader_in_the_way_only_delays_it(tmp_path):
    """The log of writes is cut the next time."""
    box = Box(tmp_path)
    box.tell(about(1))
    box.erased.append(ANA)
    box.pass_s(UPKEEP_S)
    with reading(box.path) as history:
        history.newest(Filter(), 1)
        box.history.step()
        assert files_with(tmp_path, NAME)
    box.tell(about(2, None, "unknown"))
    assert files_with(tmp_path, NAME, ANA) == []
    box.stop()


def test_damaged_files_that_may_hold_them_go_as_a_whole(tmp_path):
    """Nobody can clean them."""
    box = Box(tmp_path)
    box.path.write_bytes(b"no database, but " + NAME.encode() * 100)
    box.tell(about(1, BEN, "Ben"))
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    box.pass_s(UPKEEP_S)
    box.history.step()
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    box.erased.append(ANA)
    box.pass_s(UPKEEP_S)
    box.history.step()
    assert not list(tmp_path.glob("*.damaged-*"))
    box.stop()


def test_a_gallery_that_cannot_be_asked_is_said_and_costs_no_event(tmp_path):
    """Names may stay meanwhile: health says so."""
    box = Box(tmp_path)
    box.gallery_fails = True
    box.tell(about(1))
    assert len(box.events()) == 1
    assert (box.health.state, "who was erased cannot be learnt" in box.reasons()) == (State.DEGRADED, True)
    box.gallery_fails = False
    box.erased.append(ANA)
    box.pass_s(UPKEEP_S)
    box.history.step()
    assert (box.health.state, files_with(tmp_path, NAME)) == (State.OK, [])
    box.stop()


@pytest.mark.parametrize("subject", ["stranger:" + ANA, ANA])
def test_only_people_of_the_gallery_are_meant(tmp_path, subject):
    """A stranger's number is nobody's."""
    box = Box(tmp_path)
    box.erased.append(ANA)
    box.tell(a_message(label="unknown", subject=subject))
    box.pass_s(UPKEEP_S)
    box.history.step()
    assert box.events()[0].subject == subject
    box.stop()


def confirmed(number, *witnesses):
    """An event that names others, as a rule that several pipelines must agree on tells it."""
    record = record_of(a_message(number=number, pipeline="break_in", label="confirmed", start_s=2.0))
    named = [{"pipeline": "faces", "id": f"{one:026d}", "label": label, "confidence": 0.5} for one, label in witnesses]
    body = json.dumps(json.loads(record.body) | {"witnesses": named}, separators=(",", ":"))
    return record._replace(body=body)


def test_an_event_that_names_one_of_theirs_does_not_name_them_any_longer(tmp_path):
    """Whether it was kept before they were erased or comes after that; what else it names stays."""
    store, health = Store(tmp_path / "h"), Health().part("history")
    erased = []
    forgetting = Forgetting(lambda: erased, tmp_path / "h", health)
    told = [record_of(about(1)), record_of(about(2, BEN, "Ben")), confirmed(3, (1, NAME), (2, "Ben"))]
    with store.transaction():
        store.put(forgetting.without(store, told))
    erased.append(ANA)
    forgetting.ask()
    with store.transaction():
        forgetting.clean(store)
        later = [confirmed(4, (2, "Ben"), (1, NAME)), record_of(about(5)), confirmed(6, (5, NAME))]
        store.put(forgetting.without(store, later))
    forgetting.leave_nothing(store)
    store.close()
    assert files_with(tmp_path, NAME, ANA) == []
    with reading(tmp_path / "h") as history:
        bodies = [json.loads(record.body) for record in history.events(Filter(label="confirmed"))]
    assert [[one["label"] for one in body["witnesses"]] for body in bodies] == [
        [ERASED, "Ben"],
        ["Ben", ERASED],
        [ERASED],
    ]

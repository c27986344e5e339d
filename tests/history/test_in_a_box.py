"""The history of a whole box: what its sinks are told is in it, to the last word."""

import io
from contextlib import ExitStack

from edged.history.filter import Filter
from edged.history.reader import reading
from edged.messages.event import Phase
from edged.report import health_message
from edged.runtime.health import Health
from edged.settings import Settings, folders_written
from edged.settings_in_use import SettingsInUse
from edged.sinks_in_use import SinksInUse
from tests.events import an_event


def run(settings, *events):
    health = Health()
    sinks = SinksInUse(SettingsInUse(settings), io.StringIO(), health)
    with ExitStack() as stack:
        sinks.start(stack)
        sinks.tell_health(health_message(health, sinks.outbox, 1.0))
        for event in events:
            sinks.outbox(event)
    return health


def test_events_and_health_of_a_box_are_kept_to_its_last_word(tmp_path):
    """An update that the outbox commits only when it closes too."""
    path = tmp_path / "h.sqlite3"
    settings = Settings(
        mqtt={"enabled": False}, journal={"enabled": False}, history={"path": path}, outbox={"batch_s": 9}
    )
    run(settings, an_event(), an_event(Phase.UPDATE))
    with reading(path) as history:
        assert [record.updates for record in history.events(Filter())] == [1]
        assert "outbox" in {change.part for change in history.health()}
        assert [run.stopped_s is not None for run in history.runs()] == [True]
    assert tmp_path in folders_written(settings)


def test_a_box_that_keeps_no_history_makes_no_file(tmp_path):
    """Nor is there such a part of it."""
    settings = Settings(mqtt={"enabled": False}, history={"enabled": False, "path": tmp_path / "h.sqlite3"})
    assert "history" not in run(settings, an_event()).parts()
    assert not (tmp_path / "h.sqlite3").exists()

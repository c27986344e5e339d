"""Changes of health are kept, and not each word of it."""

from edged.history.bounds import MOST_HEALTH, keep_within
from edged.history.config import HistoryConfig
from edged.history.health_changes import HealthChanges
from edged.history.reader import reading
from edged.history.store import HealthChange, Store
from edged.messages.health import State
from edged.outbox import Outbox
from edged.report import health_message
from edged.runtime.health import Health
from tests.history.boxes import Box


class Parts:
    """Health of a box, as it is told."""

    def __init__(self):
        self.now_s, self.health, self.outbox = 0.0, Health(lambda: self.now_s, lambda: 1000 + self.now_s), Outbox()

    def tell(self):
        return health_message(self.health, self.outbox, self.now_s).model_copy(
            update={"at": f"1970-01-01T00:{16 + int(40 + self.now_s) // 60:02d}:{int(40 + self.now_s) % 60:02d}.000Z"}
        )


def test_a_change_is_told_once_with_its_reason_and_since_when():
    """That a silence lasts on is no change; that a part is gone is one."""
    parts, changes = Parts(), HealthChanges()
    microphone = parts.health.part("sources.microphone")
    microphone.set(State.OK)
    assert {change[1:] for change in changes(parts.tell())} == {("box", "ok", ""), ("sources.microphone", "ok", "")}
    parts.now_s = 30
    microphone.condition("silent", on=True, lasted_s=30)
    parts.now_s = 32
    assert HealthChange(1030.0, "sources.microphone", "degraded", "silent for 32 s") in list(changes(parts.tell()))
    parts.now_s = 300
    assert list(changes(parts.tell())) == []
    microphone.condition("hum", on=True)
    told = {change.part: change for change in changes(parts.tell())}
    assert told["sources.microphone"] == HealthChange(
        1300.0, "sources.microphone", "degraded", "silent for 300 s; hum for 0 s"
    )
    parts.health.remove("sources.microphone")
    assert HealthChange(1300.0, "sources.microphone", "gone", "") in list(changes(parts.tell()))
    parts.outbox.close()


def test_how_the_box_was_can_be_read_for_any_time(tmp_path):
    """Its changes between two moments, and how each part was before the first."""
    parts, box = Parts(), Box(tmp_path, synchronised=False)  # or 1970 were too long ago
    for now_s, state in ((0, State.OK), (60, State.FAILING), (120, State.OK)):
        parts.now_s = now_s
        parts.health.part("clips").set(state, "full" if state is State.FAILING else "")
        box.tell(parts.tell())
    with reading(box.path) as history:
        clips = [change for change in history.health(1050, 1150) if change.part == "clips"]
        assert [(change.at_s, change.state, change.reason) for change in clips] == [
            (1060.0, "failing", "full"),
            (1120.0, "ok", ""),
        ]
        assert history.health_at(1060)["clips"].state == "ok"
        assert history.health_at(1061)["clips"].state == "failing"
        assert history.health_at(1061)["box"].reason == "clips: full"
    box.stop()
    parts.outbox.close()


def test_changes_of_health_and_lives_are_bounded_too(tmp_path):
    """The newest are kept."""
    store = Store(tmp_path / "h")
    with store.transaction():
        store.add_health(HealthChange(float(number), "p", "ok", "") for number in range(MOST_HEALTH + 5))
        for number in range(2003):
            store.begin_run("boot", "1", float(number))
        keep_within(store, HistoryConfig(), None)
    assert store.number("SELECT min(at_s) FROM health") == 5
    assert (store.number("SELECT count(*) FROM runs"), store.number("SELECT min(number) FROM runs")) == (2000, 4)
    with store.transaction():
        keep_within(store, HistoryConfig(max_age_days=1), 86400.0 + 1000)
    assert store.number("SELECT min(at_s) FROM health") == 1000
    store.close()

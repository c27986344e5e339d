"""SettingsInUse: of a changed configuration all is taken up that can be, and what cannot is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ConfigError
from edged.settings import Settings
from edged.settings_in_use import NEEDS_RESTART, SettingsInUse, adopt, changed_keys, is_in, with_reason

BEGAN = Settings(device="box", mqtt={"host": "old"})
CHANGES = {
    "site": st.sampled_from(["gate", "field"]),
    "mqtt": st.fixed_dictionaries({"host": st.sampled_from(["old", "new"]), "keepalive_s": st.integers(9, 11)}),
    "health": st.fixed_dictionaries({"interval_s": st.integers(29, 31), "flaps": st.integers(4, 6)}),
    "outbox": st.fixed_dictionaries({"drain_per_s": st.sampled_from([100, 200]), "path": st.just("/elsewhere")}),
    "gallery": st.fixed_dictionaries({"backups": st.integers(4, 6)}),
}


class Taker:
    """Takes up what it is given, or refuses it."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.took: list[Settings] = []
        self._refuses = refuses

    def __call__(self, wanted: Settings) -> None:
        if self._refuses:
            raise self._refuses
        self.took.append(wanted)


@given(st.fixed_dictionaries({}, optional=CHANGES))
def test_what_somebody_takes_is_in_use_afterwards_and_the_rest_is_named(change):
    """Each key that was wanted otherwise is either as wanted or named as needing a restart."""
    in_use, mqtt, others = SettingsInUse(BEGAN), Taker(), Taker()
    in_use.on_change(mqtt, "mqtt")
    in_use.on_change(others, "health.interval_s", "site", "outbox")
    wanted = Settings(**{"device": "box", "mqtt": {"host": "old"}, **change})
    said = "".join(in_use.take_up(wanted))
    left = list(changed_keys(in_use.now.model_dump(), wanted.model_dump()))
    assert {*left} <= {"health.flaps", "outbox.path", "gallery.backups"}
    assert said == (f"needs a restart: {', '.join(map(with_reason, left))}" if left else "")
    assert ("outbox.path (events wait there)" in said) == ("outbox.path" in left)
    assert all(taken.outbox.path is None for taken in others.took)
    assert bool(mqtt.took) == (wanted.mqtt != BEGAN.mqtt)
    assert all(taken.mqtt == wanted.mqtt for taken in mqtt.took)
    assert list(in_use.take_up(in_use.now)) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ConfigError("mqtt.tls: no such file\nmore"), "mqtt.tls: no such file"),
        (RuntimeError("gone mad"), "RuntimeError('gone mad')"),
    ],
)
def test_what_is_refused_stays_as_it_was_and_does_not_stop_the_rest(fault, said):
    """In one line."""
    in_use, words = SettingsInUse(BEGAN), Taker()
    in_use.on_change(Taker(fault), "mqtt")
    in_use.on_change(words, "site")
    wanted = BEGAN.model_copy(update={"site": "gate", "mqtt": BEGAN.mqtt.model_copy(update={"host": "new"})})
    assert list(in_use.take_up(wanted)) == [f"mqtt: is refused, it goes on as it was: {said}"]
    assert (in_use.now.mqtt.host, in_use.now.site) == ("old", "gate")
    assert words.took == [in_use.now]


def test_pipelines_are_for_the_reloader():
    """They are neither taken up here nor named."""
    in_use = SettingsInUse(BEGAN)
    assert list(in_use.take_up(BEGAN.model_copy(update={"pipelines": {}}))) == []
    assert in_use.now.pipelines
    in_use.set_pipelines({})
    assert in_use.now.pipelines == {}


def test_adopting_a_key_leaves_its_neighbours():
    """However deep it is."""
    wanted = Settings(device="other", mqtt={"tls": {"enabled": True}, "host": "new"})
    new = adopt(BEGAN, wanted, "mqtt.tls.enabled")
    assert new.mqtt.tls.enabled
    assert (new.device, new.mqtt.host, BEGAN.mqtt.tls.enabled) == ("box", "old", False)


def test_a_key_is_not_in_one_that_only_begins_like_it():
    """``site`` is not in ``sit``."""
    assert is_in("mqtt.tls", "mqtt")
    assert is_in("mqtt", "mqtt")
    assert not is_in("mqttx.tls", "mqtt")


def test_changed_keys_are_dotted_and_as_deep_as_they_go():
    """Keys that are new or gone count as well."""
    old, new = {"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"b": 1, "c": 3}, "e": 1}
    assert list(changed_keys(old, new)) == ["a.c", "d", "e"]


@pytest.mark.parametrize("key", NEEDS_RESTART)
def test_what_needs_a_restart_is_a_setting(key):
    """Else it would hold nothing back."""
    assert adopt(BEGAN, BEGAN, key) == BEGAN

"""Remedies: a part that is not well tells a person what to do, always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.commands.audit import UNWRITTEN
from edged.people_in_use import UPKEEP_FAILS
from edged.remedies import DOCTOR, remedy
from edged.runtime.drift import UNLIKE_TRAINING
from edged.settings_in_use import with_reason
from edged.sinks.mqtt.comeback import PERHAPS, SURE
from edged.sources.input_check import InputCheck
from edged.sources.picture_check import PictureCheck

CONDITIONS = [
    *(("sources.microphone", name) for name in InputCheck.NAMES),
    *(("sources.camera", name) for name in (*PictureCheck.NAMES, "frozen")),
    ("models.drone_sound", UNLIKE_TRAINING),
    ("gallery", UPKEEP_FAILS),
    ("settings", f"needs a restart: {with_reason('device')}"),
    ("sinks.mqtt", SURE.format(name="barn")),
    ("sinks.mqtt", PERHAPS.format(name="barn")),
]


@pytest.mark.parametrize(("part", "condition"), CONDITIONS)
def test_each_condition_has_a_remedy_of_its_own(part, condition):
    """Not the same for all that may befall a part."""
    told = remedy(part, f"{condition} for 30 s")
    assert told != DOCTOR
    assert told != remedy(part, "something else")


@given(st.text(max_size=80), st.text(max_size=80))
def test_there_is_always_something_that_can_be_done(part, reason):
    """At the least, to look with edged doctor."""
    assert len(remedy(part, reason)) > 20


def test_what_is_not_known_is_looked_up_with_doctor():
    """Such as a fault in the audit log, of which the reason says all."""
    assert remedy("commands", UNWRITTEN) == DOCTOR

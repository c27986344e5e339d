"""Labels that a pipeline's events never have are refused where something waits for them."""

import pytest
from pydantic import ValidationError

from edged.pipelines.drones import DronesConfig
from edged.pipelines.faces import FacesConfig
from edged.pipelines.objects import ObjectsConfig
from edged.pipelines.sounds import SoundsConfig

GLASS = SoundsConfig(groups={"glass": ["Glass", "Shatter"]})
PEOPLE = ObjectsConfig(detection={"labels": {"person": {}}})


@pytest.mark.parametrize(
    ("config", "good", "bad", "hint"),
    [
        (GLASS, "glass", "Glass", "glass; did you mean 'glass'?"),
        (DronesConfig(), "drone", "dron", "drone; did you mean 'drone'?"),
        (PEOPLE, "person", "airplane", "person"),
    ],
)
def test_a_label_that_no_event_has_is_refused_with_those_that_there_are(config, good, bad, hint):
    """And with a near one: whoever waits for it would wait for ever."""
    config.check_event_labels("labels", [good])
    with pytest.raises(ValueError, match="must be a label of its events") as refused:
        config.check_event_labels("labels", [good, bad])
    assert str(refused.value) == f"labels: {bad!r}, must be a label of its events, {hint}"


@pytest.mark.parametrize("config", [FacesConfig(), ObjectsConfig()])
def test_where_only_the_box_can_tell_every_label_is_taken(config):
    """People's names are in the gallery, a detector's labels on its card."""
    config.check_event_labels("labels", ["Ana"])


def test_quiet_hours_let_pass_only_what_there_is():
    """Else they would hold back all."""
    hours = {"from": "22:00", "to": "06:00", "labels": ["dron"]}
    with pytest.raises(
        ValidationError, match=r"publish\.quiet_hours\.0\.labels: 'dron', must be a label of its events"
    ):
        DronesConfig(publish={"quiet_hours": [hours]})
    assert DronesConfig(publish={"quiet_hours": [hours | {"labels": ["drone"]}]})

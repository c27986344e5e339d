"""What may be asked is what the configuration says, and no more."""

import pytest

from edged.commands import CommandsConfig
from edged.config import ConfigFaults, load
from edged.messages.requests import REQUESTS


def test_every_command_has_a_switch():
    """By its own name; as it comes ping and health are on."""
    assert set(REQUESTS) <= set(CommandsConfig.model_fields)
    assert CommandsConfig().allowed == ("ping", "health")
    assert CommandsConfig(**dict.fromkeys(REQUESTS, True)).allowed == tuple(REQUESTS)
    assert CommandsConfig(people="list", ping=False).allowed == ("health", "people")


@pytest.mark.parametrize(("text", "people"), [("true", True), ("false", False), ("list", "list")])
def test_people_are_allowed_in_two_steps(tmp_path, text, people):
    """In a file and by a variable."""
    file = tmp_path / "edged.yaml"
    file.write_text(f"people: {text}\n")
    assert load(CommandsConfig, file, {}).people == people
    assert load(CommandsConfig, None, {"EDGED_PEOPLE": text}).people == people


def test_what_people_cannot_be_is_told(tmp_path):
    """With what they can be."""
    file = tmp_path / "edged.yaml"
    file.write_text("people: some\n")
    with pytest.raises(ConfigFaults, match="people: 'some', must be true or false or 'list'"):
        load(CommandsConfig, file, {})

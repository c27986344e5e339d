import shutil

import pytest
import yaml

from edged.inference.catalogue import shipped_models


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped model that a test may damage."""
    copy = tmp_path / "drone_sound"
    shutil.copytree(shipped_models() / "drone_sound", copy)
    return copy


@pytest.fixture
def change(folder):
    """Change the card: ``change(lambda card: card.update(…))``."""

    def apply(edit):
        path = folder / "card.yaml"
        card = yaml.safe_load(path.read_text())
        edit(card)
        path.write_text(yaml.safe_dump(card))

    return apply

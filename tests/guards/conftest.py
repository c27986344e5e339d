"""A fake kernel's files."""

from pathlib import Path

import pytest

from tests.guards.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Empty: a machine that tells nothing."""
    return Tree(tmp_path / "root")

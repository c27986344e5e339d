"""The house: its folders, and that every test says what it is about."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENTRIES = {"edged", "models", "config", "systemd", "scripts", "tests", "pyproject.toml", "requirements.lock"}
ENTRIES |= {"README.md", "CHANGELOG.md", "LICENSE"}


def test_the_top_level_holds_what_the_design_says():
    """No folder or file appears beside the rooms of the house."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=False, text=True).stdout.split(
        "\n"
    )
    if tracked == [""]:
        pytest.skip("not a git checkout")
    top = {path.partition("/")[0] for path in tracked if path}
    assert {name for name in top if not name.startswith(".")} <= ENTRIES


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/**/test_*.py")), ids=lambda path: path.name)
def test_every_test_states_a_behaviour(path):
    """A test's docstring says what holds."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("edged/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_or_function_outgrows_its_room(path):
    """Files of at most 250 lines, functions of at most 40, and no print in library code."""
    text = path.read_text()
    assert text.count("\n") <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 40, node.name
        if isinstance(node, ast.Call) and "cli" not in path.parts:
            assert getattr(node.func, "id", "") != "print"

"""`systemd/versions`: which version runs, and when the one before comes back."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

PROGRAM = Path(__file__).parents[2] / "systemd/versions"
STARTS = 3


class Versions:
    """A folder as scripts/install makes it, with versions that are nothing but a program and a unit."""

    def __init__(self, folder: Path) -> None:
        self.home, self.unit = folder / "opt", folder / "edged.service"
        self.home.mkdir()

    def install(self, name: str, *, trial: bool = True) -> None:
        version = self.home / "versions" / name
        (version / "bin").mkdir(parents=True, exist_ok=True)
        (version / "bin/edged").touch(mode=0o755)
        (version / "share/edged/systemd").mkdir(parents=True, exist_ok=True)
        (version / "share/edged/systemd/edged.service").write_text(f"# of {name}\n")
        self.unit.write_text(f"# of {name}\n")
        if trial:
            self.link("previous", self.current)
            (self.home / "trial").write_text("0\n")
        self.link("current", name)

    def link(self, name: str, version: str) -> None:
        (self.home / name).unlink(missing_ok=True)
        (self.home / name).symlink_to(f"versions/{version}")

    def tell(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "EDGED_HOME": str(self.home), "EDGED_UNIT": str(self.unit), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [PROGRAM, *arguments], capture_output=True, check=False, text=True, timeout=20, env=env | environment
        )

    @property
    def current(self) -> str:
        return (self.home / "current").readlink().name


@pytest.fixture
def versions(tmp_path):
    """Version one runs, two is on trial."""
    made = Versions(tmp_path)
    made.install("one", trial=False)
    made.install("two")
    return made


def test_a_version_that_is_never_ready_goes_at_the_fourth_start(versions):
    """Three starts are its own; then the version before is there with its unit, and the journal is told why."""
    assert [versions.tell("begin").stdout for _ in range(STARTS)] == [""] * STARTS
    assert versions.current == "two"
    said = versions.tell("begin").stdout
    assert "version two was not ready in 3 starts" in said
    assert "back to version one" in said
    assert (versions.current, versions.unit.read_text()) == ("one", "# of one\n")
    assert versions.tell("begin").stdout == "", "it is on no trial"


def test_a_version_that_was_ready_once_stays(versions):
    """Whatever becomes of it later: then the box, and not the upgrade, is at fault."""
    versions.tell("begin")
    versions.tell("passed")
    for _ in range(STARTS + 2):
        versions.tell("begin")
    assert versions.current == "two"


@pytest.mark.parametrize(("status", "left"), [("78", "one"), ("1", "two"), ("0", "two")])
def test_a_version_on_trial_that_refuses_the_configuration_goes_at_once(versions, status, left):
    """No manager starts it again, so nothing would count to three."""
    versions.tell("begin")
    versions.tell("ended", EXIT_STATUS=status)
    assert versions.current == left


def test_a_faulty_configuration_of_a_proven_version_is_left_to_a_person(versions):
    """It is not the version's fault."""
    versions.tell("passed")
    versions.tell("ended", EXIT_STATUS="78")
    assert versions.current == "two"


@pytest.mark.parametrize("left", ["", "\0\0\0\0", "two", "999999999999999999999"])
def test_what_a_power_cut_left_of_the_count_does_not_keep_the_box_from_starting(versions, left):
    """It counts from the beginning."""
    (versions.home / "trial").write_text(left)
    assert [versions.tell("begin").returncode for _ in range(STARTS)] == [0] * STARTS
    assert versions.current == "two"
    versions.tell("begin")
    assert versions.current == "one"


def test_without_a_version_before_it_goes_on_trying(versions):
    """A first version, or one whose predecessor is gone, is all there is; a rollback says so and fails."""
    (versions.home / "versions/one/bin/edged").unlink()
    for _ in range(STARTS + 1):
        assert versions.tell("begin").returncode == 0
    assert versions.current == "two"
    told = versions.tell("rollback")
    assert told.returncode != 0
    assert "no version to go back to" in told.stderr


class AnyLife(RuleBasedStateMachine):
    """Installs, starts, ends and rollbacks in any order, held to a model of three words."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.versions = Versions(Path(self._folder.name))
        self.versions.install("a", trial=False)
        self.current, self.previous, self.starts = "a", None, None

    @rule(name=st.sampled_from("abc"))
    def install(self, name):
        if name != self.current:
            self.versions.install(name)
            self.current, self.previous, self.starts = name, self.current, 0

    @rule()
    def start(self):
        self.versions.tell("begin")
        if self.starts == STARTS:
            self._swap()
        elif self.starts is not None:
            self.starts += 1

    @rule()
    def is_ready(self):
        self.versions.tell("passed")
        self.starts = None

    @precondition(lambda self: self.previous)
    @rule()
    def roll_back(self):
        assert self.versions.tell("rollback").returncode == 0
        self._swap()

    def _swap(self):
        self.current, self.previous, self.starts = self.previous, self.current, None

    @invariant()
    def it_is_as_the_model_says(self):
        assert self.versions.current == self.current
        assert self.versions.unit.read_text() == f"# of {self.current}\n"

    def teardown(self):
        self._folder.cleanup()


AnyLife.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestAnyLife = AnyLife.TestCase

"""scripts/secrets: what must not be in a repository is found, and said without being shown."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "secrets"


def look(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, folder], capture_output=True, check=False, text=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout with nothing in it."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN OPENSSH PRIVATE" + " KEY-----",
        "x = '" + "AKIA" + "ABCDEFGHIJ234567'",
        "gh" + "p_" + "a1" * 18,
        "rtsp://ana:" + "swordfish@10.0.0.2/live",
        "pass" + "word: 'swordfish'",
        '{"api' + '_key": "0123456789abcdef"}',
    ],
)
def test_a_secret_is_found_and_not_shown(checkout, secret):
    """In a file that was not even added yet."""
    (checkout / "notes.md").write_text(f"first\n{secret}\n")
    done = look(checkout)
    assert done.returncode == 1
    assert "notes.md:2" in done.stderr
    assert secret not in done.stdout + done.stderr


def test_what_git_does_not_see_is_none_of_its_business(checkout):
    """A file that is ignored does not leave the machine with the repository."""
    (checkout / ".gitignore").write_text("private.pem\n")
    (checkout / "private.pem").write_text("-----BEGIN " + "PRIVATE KEY-----\n")
    (checkout / "edged.yaml").write_text(
        "mqtt: {password_file: /run/secrets/mqtt}\nurl: rtsp://{username}:{password}@cam/\n"
    )
    assert look(checkout).returncode == 0


def test_this_repository_holds_none():
    """Nor does what is about to be added."""
    done = look(SCRIPT.parents[1])
    assert done.returncode == 0, done.stderr


def test_without_git_it_says_that_it_did_not_look(tmp_path):
    """An unpacked archive can be checked all the same."""
    done = look(tmp_path)
    assert (done.returncode, done.stdout) == (0, "secrets: not looked for: this is no git checkout\n")

"""scripts/known_vulnerabilities.py: asks once for all that is locked, and fails for what is known, not for silence."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "known_vulnerabilities.py"
LOCK = "numpy==2.4.6\n    # via edged\npillow==9.0.0 ; python_version < '3.14'\n"


class Osv(HTTPServer):
    """Answers as OSV's querybatch does: each Pillow before 10 is vulnerable. ``asked`` are the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[dict] = []
        self.content: bytes | None = None


class Answer(BaseHTTPRequestHandler):
    """One of its answers."""

    server: Osv

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        known = [{"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z"}]
        old = [it["package"]["name"] == "pillow" and it["version"] < "9.9" for it in asked["queries"]]
        content = (
            self.server.content or json.dumps({"results": [{"vulns": known} if it else {} for it in old]}).encode()
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Not on the tests' terminal."""


@pytest.fixture
def osv():
    """A running one."""
    with Osv() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def check(tmp_path, url, lock=LOCK):
    (tmp_path / "lock").write_text(lock)
    return subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "lock", "--url", url], capture_output=True, check=False, text=True
    )


def at(osv):
    return f"http://127.0.0.1:{osv.server_port}/"


def test_what_is_known_to_be_vulnerable_is_named(tmp_path, osv):
    """With its version and the names of what is wrong with it; all is asked at once."""
    done = check(tmp_path, at(osv))
    assert done.returncode == 1
    assert "pillow 9.0.0: PYSEC-1; see https://osv.dev" in done.stdout
    assert "numpy" not in done.stdout
    (asked,) = osv.asked
    assert [it["version"] for it in asked["queries"]] == ["2.4.6", "9.0.0"]


def test_what_is_not_known_passes(tmp_path, osv):
    """And says how many were asked for."""
    done = check(tmp_path, at(osv), "numpy==2.4.6\n")
    assert (done.returncode, done.stdout) == (0, "known vulnerabilities: 0 of 1 packages\n")


@pytest.mark.parametrize("content", [b"not JSON", b"[]", b'{"results": [{}]}', b'{"results": [1, 2]}'])
def test_an_answer_that_makes_no_sense_is_said_and_is_no_all_clear(tmp_path, osv, content):
    """Some servers answer for another."""
    osv.content = content
    done = check(tmp_path, at(osv))
    assert done.returncode == 0
    assert "not asked for" in done.stdout
    assert "0 of" not in done.stdout


def test_without_a_network_it_says_that_it_could_not_ask(tmp_path):
    """A build needs none."""
    done = check(tmp_path, "http://127.0.0.1:9/")
    assert done.returncode == 0
    assert "known vulnerabilities: not asked for: http://127.0.0.1:9/ gives no answer here" in done.stdout

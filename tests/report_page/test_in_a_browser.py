"""The page in a real browser: headless Chromium, where it is installed."""

import html
import json
import re
import shutil
import subprocess

import pytest

from edged.report_page.page import page
from tests.report_page.made import DAY_S, a_change, a_record, a_run, facts_by_hand, said
from tests.report_page.parsed import FRAGMENTS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE_PX = 360
OUTER = """<!doctype html><iframe src="report.html" width="{width}" height="2000" style="border:0"></iframe><pre></pre>
<img src="http://control.example/x.png">
<script>onload = () => {{
  const inside = document.querySelector("iframe").contentDocument, root = inside.documentElement;
  document.querySelector("pre").textContent = JSON.stringify({{
    words: inside.body.innerText, width: root.scrollWidth, scripts: inside.scripts.length, title: inside.title,
    images: inside.images.length, hacked: String(window.hacked), charts: inside.querySelectorAll("svg rect").length,
    drawn: [...inside.querySelectorAll("svg")].filter(one => one.getBoundingClientRect().height > 5).length,
    fill: getComputedStyle(inside.querySelector(".bar")).fill,
  }});
}}</script>"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser makes of a page with hostile words in it, at a phone's width, and what it asked the network."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: the page is not looked at in a browser")
    folder = tmp_path_factory.mktemp("browser")
    (folder / "report.html").write_text(page(hostile_facts()), encoding="utf-8")
    (folder / "outer.html").write_text(OUTER.format(width=PHONE_PX))
    dump = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=5000"),
            *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={folder / 'net.json'}", "--dump-dom"),
            (folder / "outer.html").as_uri(),
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=100,
    ).stdout
    told = re.search(r"<pre>(.*?)</pre>", dump, re.DOTALL)
    assert told, dump[:500]
    return json.loads(html.unescape(told[1])), (folder / "net.json").read_text()


def hostile_facts():
    """A label, a pipeline and a part of each fragment, and a few days of the ordinary."""
    words = [word.replace("alert(1)", "top.hacked=1") for word in FRAGMENTS]
    records = [a_record(n, n * 60.0, pipeline=f"p{n} {word}"[:40], label=word) for n, word in enumerate(words)]
    records += [a_record(100 + n, n * 700.0, label="drone", latency_ms={"read": 2.0, "total": 70.0}) for n in range(99)]
    changes = [a_change(9, f"part{n}{word}", "failing", word) for n, word in enumerate(words)]
    changes += [a_change(9, "box", "ok"), a_change(9000, "box", "failing", "mqtt: broker gone")]
    feedback = {records[n].id: said("false_alarm").model_copy(update={"label": w}) for n, w in enumerate(words)}
    runs = [a_run(1, 0, 20_000), a_run(2, 30_000, DAY_S, boot_id="b")]
    return facts_by_hand(records, runs=runs, changes=changes, feedback=feedback, device="<b>barn</b>")


def test_the_browser_shows_the_words(seen):
    """Those of others as words; the title is what it is called."""
    found, _ = seen
    assert found["title"] == "What <b>barn</b> told"
    for told in ("What <b>barn</b> told", "<script>top.hacked=1</script>", "Uptime and gaps", "Ana Äé"):
        assert told in found["words"]
    assert found["charts"] > 150
    assert found["drawn"] > 40
    assert found["fill"] == "rgb(47, 111, 176)"


def test_nothing_of_others_runs(seen):
    """No script, no image, and nothing has been done to the window."""
    found, _ = seen
    assert (found["scripts"], found["images"], found["hacked"]) == (0, 0, "undefined")


def test_the_page_fits_a_phone(seen):
    """Tables are pushed sideways each for itself, never the page."""
    assert seen[0]["width"] <= PHONE_PX


def test_the_network_is_not_asked(seen):
    """Not for anything in the page, by the browser's own log, which does know of a picture that stands beside it."""
    hosts = set(re.findall(r"[a-z]+\.example", seen[1]))
    assert hosts == {"control.example"}

"""Downloads: whatever the server does, what comes is what was asked for, bounded, and gone on with."""

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.supply.download import Download, Limits, first_byte, is_safe, is_strong
from tests.upstream import Manners, Upstream

CONTENT = bytes(range(256)) * 1000
SIZE = len(CONTENT)
HASTY = Limits(silence_s=0.3, whole_s=20, attempts=3, pause_s=0)


@pytest.fixture(scope="module")
def server():
    running = Upstream()
    yield running
    running.close()


@pytest.fixture
def upstream(server, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    server.files, server.manners = {"/model": CONTENT, "/elsewhere": CONTENT}, Manners()
    server.asked.clear()
    return server


@pytest.fixture
def download(upstream, tmp_path):
    def make(size=SIZE, url="", limits=HASTY):
        told = []
        made = Download(url or f"{upstream.url}/model", tmp_path / "model.part", size, told.append, limits)
        return made, told

    return make


def test_a_file_comes_whole(download, tmp_path):
    """And progress ends at its size."""
    fetch, told = download()
    assert fetch() is False
    assert (tmp_path / "model.part").read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == SIZE


def test_a_cut_connection_is_gone_on_with(download, upstream, tmp_path):
    """From the byte where it broke off, on condition that the file is the same."""
    upstream.manners.cuts = [100_000, 50_000]
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT
    assert [asked[1:] for asked in upstream.asked] == [
        (None, None),
        ("bytes=100000-", '"one"'),
        ("bytes=150000-", '"one"'),
    ]


@given(cuts=st.lists(st.integers(0, SIZE // 8), max_size=7), ranges=st.booleans(), etag=st.booleans())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_series_of_cuts_gives_the_same_file(upstream, tmp_path, cuts, ranges, etag):
    """With ranges or without, with ETag or without."""
    upstream.manners = Manners(cuts=list(cuts), knows_ranges=ranges, etag='"one"' if etag else "")
    part = tmp_path / "any.part"
    fetch = Download(f"{upstream.url}/model", part, SIZE, lambda _: None, Limits(attempts=9, pause_s=0))
    fetch()
    assert part.read_bytes() == CONTENT
    fetch.discard()


def test_a_part_from_an_earlier_run_is_used(download, upstream, tmp_path):
    """And the caller is told, since it may be of something else."""
    (tmp_path / "model.part").write_bytes(CONTENT[:200_000])
    assert download()[0]() is True
    assert upstream.asked == [("/model", "bytes=200000-", None)]
    assert (tmp_path / "model.part").read_bytes() == CONTENT


def test_what_is_all_here_is_not_asked_for(download, upstream, tmp_path):
    """The hash is the caller's business."""
    (tmp_path / "model.part").write_bytes(CONTENT)
    assert download()[0]() is True
    assert upstream.asked == []


def test_a_server_that_ignores_ranges_is_heard_from_the_start(download, upstream, tmp_path):
    """The whole answer replaces the part."""
    upstream.manners = Manners(knows_ranges=False, cuts=[100_000])
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_fetched_anew(download, upstream, tmp_path):
    """The ETag tells."""
    (tmp_path / "model.part").write_bytes(b"old" * 100)
    (tmp_path / "model.etag").write_text('"zero"')
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT
    assert upstream.asked == [("/model", "bytes=300-", '"zero"')]


def test_a_weak_etag_is_no_condition(download, upstream):
    """RFC 9110 forbids it; the range is asked for all the same."""
    upstream.manners = Manners(etag='W/"one"', cuts=[1000])
    download()[0]()
    assert upstream.asked[1] == ("/model", "bytes=1000-", None)


def test_another_part_than_was_asked_for_is_not_appended(download, upstream, tmp_path):
    """It starts over."""
    upstream.manners = Manners(cuts=[1000], shifted=[7])
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(download, upstream, tmp_path):
    """It can be nothing of it."""
    (tmp_path / "model.part").write_bytes(CONTENT + b"more")
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT
    assert upstream.asked == [("/model", None, None)]


def test_a_range_that_cannot_be_had_is_asked_for_no_more(download, upstream, tmp_path):
    """Upstream's file is shorter than the part: 416, then from the start; and too short it stays."""
    upstream.files["/model"] = b"short"
    (tmp_path / "model.part").write_bytes(CONTENT[:1000])
    with pytest.raises(ModelError, match="ended after 5 of 256000 bytes"):
        download(limits=Limits(attempts=2, pause_s=0))[0]()
    assert upstream.asked == [("/model", "bytes=1000-", None), ("/model", None, None)]


def test_more_than_the_card_says_is_not_kept(download, tmp_path):
    """The server's word on the length is not taken."""
    with pytest.raises(ModelError, match="is longer than its card's 1000 bytes; nothing of it was kept"):
        download(size=1000)[0]()
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_falls_silent_is_given_up(download, upstream, tmp_path):
    """The part stays, and the message says how to go on, or without."""
    upstream.manners.stall_after = 1000
    with pytest.raises(ModelError, match=r"/model: .*timed out.*--mirror DIR.*goes on from 3000 bytes"):
        download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT[:3000]


def test_what_takes_too_long_is_given_up(download, tmp_path):
    """However steadily it drips."""
    with pytest.raises(ModelError, match="took longer than 0 s"):
        download(limits=Limits(whole_s=0))[0]()


def test_what_upstream_no_longer_has_is_not_asked_for_twice(download, upstream):
    """The URL, and where else to take it from."""
    with pytest.raises(ModelError, match=r"http://127.0.0.1:\d+/gone: 404 Not Found: .*--mirror"):
        download(url=f"{upstream.url}/gone")[0]()
    assert len(upstream.asked) == 1


def test_a_server_in_trouble_is_asked_again(download, upstream, tmp_path):
    """503 and 429 pass."""
    upstream.manners.statuses = [503, 429]
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT


def test_without_network_the_message_says_what_helps(download):
    """A mirror."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listened on: nobody answers there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/model"
        with pytest.raises(
            ModelError, match=r"/model: cannot be reached: .*refused; is the box online\? `--mirror DIR`"
        ):
            download(url=url)[0]()


def test_where_no_name_is_known_it_is_not_tried_again(download):
    """The box is offline."""
    patient = Limits(pause_s=1000)
    with pytest.raises(ModelError, match=r"https://edged\.invalid/model: cannot be reached: .*; is the box online\?"):
        download(url="https://edged.invalid/model", limits=patient)[0]()


def test_a_redirect_is_followed_where_it_is_safe(download, upstream, tmp_path):
    """Of this machine to itself, as of https to https."""
    upstream.manners.redirect = f"{upstream.url}/elsewhere"
    download()[0]()
    assert (tmp_path / "model.part").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "target", ["http://example.invalid/model", "ftp://example.invalid/model", "file:///etc/passwd"]
)
def test_a_redirect_to_where_anyone_may_listen_is_refused(download, upstream, target):
    """Before anything is asked there."""
    upstream.manners.redirect = target
    with pytest.raises(ModelError, match=r"redirects to .*must be https|cannot be had|not allowed"):
        download()[0]()


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/x", True),
        ("http://example.org/x", False),
        ("http://127.0.0.1:80/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://127.0.0.1.example.org/x", False),
        ("http://localhost@example.org/x", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_https_is_safe_and_this_machine_to_itself(url, safe):
    """Nothing else."""
    assert is_safe(url) is safe


@given(st.text())
def test_headers_are_read_strictly(text):
    """What is not of the form is nothing; what is an ETag can be sent."""
    assert first_byte(text) is None or text.startswith("bytes ")
    assert not is_strong(text) or (text.isascii() and "\n" not in text)


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_a_content_range_says_where_it_begins(first, length):
    """RFC 9110, 14.4."""
    assert first_byte(f"bytes {first}-{first + length}/{first + length + 1}") == first
    assert first_byte(f"bytes {first}-{first + length}/*") == first

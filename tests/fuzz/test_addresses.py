"""Addresses of cameras, as people type them and as hosts answer: read, or refused without their secrets."""

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.sources.camera.address import masked, why_not, with_credentials
from edged.sources.camera.config import CameraConfig
from tests.fuzz.mutating import bounded, damaged, more

URLS = (
    b"rtsp://user:secret@10.0.0.2:554/live?channel=1",
    b"https://{username}:{password}@[fe80::1%25eth0]/video.mjpeg?token=secret",
    b"udp://0.0.0.0:1234",
    b"tcp://host:1/#x",
)
WORDS = (
    b"://",
    b"@",
    b":",
    b"[",
    b"]",
    b"%",
    b"{password}",
    b"{username}",
    b"{0}",
    b":99999",
    b":-1",
    b":\xd9\xa1",
    b"?pwd=",
    b"\xe2\x84\x80",
)
TEXT = damaged(URLS, WORDS).map(lambda content: content.decode("utf-8", "surrogateescape")) | st.text(max_size=60)


@more
@example("http://[")
@example("http://h:99999/")
@example("http://\uff0fh/")
@given(TEXT)
def test_an_address_is_taken_or_refused(url):
    """And what is said of it can be shown."""
    with bounded(ValidationError):
        CameraConfig(url=url)


@more
@given(TEXT, st.text(max_size=20), st.text(max_size=20))
def test_an_address_that_was_taken_can_be_used(url, username, password):
    """With whatever credentials, which are not shown again."""
    try:
        CameraConfig(url=url)
        password.encode()
        username.encode()
    except ValueError:
        return
    with bounded():
        whole = with_credentials(url, username, password)
        assert masked(masked(whole)) == masked(whole)


@more
@example("http", "\r\nX: y")
@given(st.sampled_from(["http", "rtsp", "tcp"]), st.text(st.characters(codec="ascii"), max_size=10))
def test_why_a_stream_does_not_open_is_one_line(scheme, rest):
    """Whatever its path looks like; at port 9 of this machine nobody answers."""
    assert why_not(f"{scheme}://127.0.0.1:9/{rest}").isprintable()

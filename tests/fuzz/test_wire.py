"""Whatever comes in over a wire: requests at the broker and at the socket, and what others publish."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from edged.commands.errors import CommandError
from edged.commands.reading import decode, told, transaction_of, validate
from edged.control.protocol import ControlError, decode_answer, decode_request
from edged.enrolment.wire import WirePicture
from edged.home_assistant.discovery import announcement, encode, read
from edged.messages.requests import REQUESTS
from edged.watching.boxes import Boxes
from tests.fuzz.mutating import bounded, damaged, more
from tests.home_assistant.boxes import BOX
from tests.watching import telling

WORDS = (
    *(
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"9" * 5000,
        b"[" * 3000,
        b'{"a":' * 3000,
        b'"\\ud800"',
        b"\\u0000",
        b"null",
    ),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"true", b'"transaction":', b"\xe2\x80\xa8", b"{}", b"[]", b"0.1"),
)
REQUESTED = tuple(
    json.dumps({"transaction": "1", **fields}).encode()
    for fields in (
        {"at": "2026-11-21T07:38:05Z"},
        {"pipeline": "drones", "threshold": 0.5, "enabled": True, "quiet_until": "2026-11-21T07:38:05Z"},
        {"action": "use", "model": "drone_sound", "pipeline": "drones"},
        {"action": "enroll", "name": "Ana", "camera": "yard"},
        {"event": "01M7ZC3MBA4QK4GJJNWTBM0A2M", "file": "clip.flac", "offset": 0},
    )
)


@more
@example("ping", b'{"a":' * 5000)
@given(st.sampled_from(sorted(REQUESTS)), damaged(REQUESTED, WORDS) | st.binary(max_size=200))
def test_a_command_is_understood_or_refused(command, payload):
    """In words that can be sent back."""
    with bounded(CommandError):
        try:
            fields = decode(payload)
            transaction_of(fields)
            validate(command, fields).payload()
        except CommandError as refused:
            told(str(refused)).encode()
            raise


ASKED = (
    b'{"do": "people.add", "name": "Ana", "samples": [{"embedding": "AAAA", "quality": 0.5}]}',
    b'{"result": {"people": []}}',
    b'{"error": "no", "exit_code": 78}',
    b'{"progress": {"done": 1}}',
    b'{"width": 2, "height": 1, "bgr": "AAAAAAAA"}',
)


@more
@example(b"[" * 100_000)
@given(damaged(ASKED, WORDS) | st.binary(max_size=200))
def test_a_line_at_the_socket_is_understood_or_refused(line):
    """By either side."""
    for decoder in (decode_request, decode_answer):
        with bounded(ControlError):
            decoder(line)


@more
@given(
    st.builds(
        WirePicture.model_construct, width=st.integers(1, 4), height=st.integers(1, 4), bgr=st.binary(max_size=50)
    )
)
def test_pixels_are_as_many_as_they_say_or_refused(sent):
    """No picture is made of other memory than its own."""
    with bounded(ControlError):
        assert sent.picture().nbytes == len(sent.bgr)


PUBLISHED = (
    telling.state(),
    telling.info(),
    telling.health(),
    telling.event(),
    telling.event(2, phase="end"),
    telling.active(telling.event_message()),
    telling.gap(),
)
KINDS = ("state", "info", "health", "event/drones", "active/drones", "gap", "availability/x", "event", "active/\x1b")


@more
@example("health", b"[" * 100_000)
@given(st.sampled_from(KINDS), damaged(PUBLISHED, WORDS) | st.binary(max_size=200))
def test_what_a_box_publishes_is_shown_or_counted_as_unreadable(kind, payload):
    """`edged watch` follows boxes of any version, and whoever else may publish there."""
    boxes = Boxes("edged")
    with bounded():
        boxes.take(f"edged/yard/{kind}", payload, 1.76e9, retained=False)
        for box in boxes:
            boxes.presence(box, 1.76e9)


@more
@example(b'{"o":' * 20_000)
@given(damaged([encode(announcement(BOX).payload)], (*WORDS, b'"cmps"', b'"o"', b'"p"', b'"~"')))
def test_what_is_announced_to_home_assistant_is_learnt_or_passed_over(payload):
    """Anybody may write there."""
    with bounded():
        held = read(payload)
        assert not (held.ours and held.others)

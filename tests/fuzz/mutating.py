"""Bytes that somebody else made: good ones, damaged in ways that hit parsers; and the bounds that reading keeps."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from edged.errors import EdgedError

LONGEST_CPU_S = 3.0
"""Reading one case takes no more of a processor than that, on a box that is busy with other things too."""
MOST_BYTES = 400_000_000
"""Nor does memory grow by more: with a decoder's own tables that is a picture of 50 million pixels."""
NUMBERS = tuple(
    (number % 2**bits).to_bytes(bits // 8, order)
    for number in (0, 1, -1, 2**31 - 1, 2**31, 2**15, 2**16 - 1, 10**9)
    for bits in (16, 32, 64)
    for order in ("little", "big")
)
"""Where parsers' arithmetic goes wrong."""
HEAD = 200
"""Half of the damage hits the first bytes: that is where the structure is."""

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
"""``FUZZ_TIMES=100 scripts/test tests/fuzz`` looks further; the suite itself has little time."""


def examples(count: int) -> settings:
    """Of what takes a millisecond 200, of what takes a while 20; what they find is kept as a case of its own."""
    return settings(max_examples=count * TIMES, suppress_health_check=[HealthCheck.function_scoped_fixture])


rare, few, more = examples(20), examples(60), examples(200)


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """One of ``seeds`` after up to eight edits; ``words`` of its language are put in, too."""
    content = bytearray(draw(st.sampled_from(seeds)))
    pieces = st.binary(min_size=1, max_size=4) | st.sampled_from([*NUMBERS, *words])
    for _ in range(draw(st.integers(1, 8))):
        top = len(content)
        at = draw(st.integers(0, min(HEAD, top)) | st.integers(0, top))
        match draw(st.sampled_from(["over", "over", "in", "out", "twice", "cut"])):
            case "over":
                piece = draw(pieces)
                content[at : at + len(piece)] = piece
            case "in":
                content[at:at] = draw(pieces)
            case "out":
                del content[at : at + draw(st.integers(1, 16))]
            case "twice":
                content[at:at] = content[at : at + draw(st.integers(1, 64))]
            case "cut":
                del content[max(at, 1) :]
    return bytes(content)


@contextmanager
def bounded(*refusals: type[Exception], one_line: bool = False) -> Iterator[None]:
    """What is done in the block ends as it should or with EdgedError (or ``refusals``), soon and in little memory.

    ``one_line``: a refusal's words fit a terminal.
    """
    began_s, before, said = time.thread_time(), _most_bytes(), "nothing to refuse"
    try:
        yield
    except (EdgedError, *refusals) as refusal:
        said = str(refusal)
    assert said
    assert not one_line or said.isprintable()
    assert time.thread_time() - began_s < LONGEST_CPU_S
    assert _most_bytes() - before < MOST_BYTES


def _most_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

"""The history on the disk is what a few lines of plain Python say it is, whatever happens in whichever order."""

from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edged.history.record import evidence_of, merged, record_of
from edged.history.upkeep import UPKEEP_S
from edged.messages.event import Phase
from tests.history.boxes import Box, a_message
from tests.history.fake import FakeHistory, plain

DAY_S = 86400.0
MAX_EVENTS = 4

messages = st.builds(
    lambda phase, number, hundredths, start_s, f0, cut: (
        phase,
        number,
        {
            "confidence": hundredths / 100,
            "start_s": float(start_s),
            "evidence": {"f0_hz": float(f0)},
            "cut_short": cut and phase is Phase.END,
        },
    ),
    st.sampled_from(Phase),
    st.integers(0, 6),
    st.integers(0, 100),
    st.integers(0, 3),
    st.integers(0, 5),
    st.booleans(),
)
steps = st.lists(messages | st.sampled_from(["commit", "stop", "kill"]), max_size=30)


def as_plain(record):
    fields = record._asdict()
    body = record.message
    for name in ("start_evidence", "best_evidence"):
        fields[name] = evidence_of(fields[name])
    return (*(value for name, value in fields.items() if name != "body"), body)


def told(phase, number, confidence=0.5, start_s=0.0, f0_hz=0.0):
    return phase, number, {"confidence": confidence, "start_s": start_s, "evidence": {"f0_hz": f0_hz}}


@settings(max_examples=30)
@given(steps=steps)
@example(steps=[told(Phase.START, 0, f0_hz=1.0), "commit", told(Phase.UPDATE, 0, f0_hz=2.0)])  # no better
@example(steps=[told(Phase.START, 0), "commit", "kill", "commit", told(Phase.UPDATE, 0)])  # cut short, and yet goes on
@example(steps=[told(Phase.START, number, start_s=3.0 - number / 2) for number in range(7)])  # not the first by id
def test_the_history_is_what_a_plain_list_of_events_would_be(steps):
    """Through commits at any time, clean stops and kills, with more events than there is room for."""
    with TemporaryDirectory() as folder:
        box, fake = Box(Path(folder), max_events=MAX_EVENTS, max_age_days=1), FakeHistory(MAX_EVENTS, DAY_S)
        for seq, step in enumerate([*steps, "commit"], 1):
            if step == "commit":
                box.history.step()
                fake.commit(box.unix_s)
            elif step == "kill":
                box.kill()
                box.start()
                fake.restart()
            elif step == "stop":
                box.stop()
                fake.commit(box.unix_s)
                box.start()
                fake.restart()
            else:
                message = a_message(step[0], step[1], seq, **step[2])
                box.history(message)
                fake.tell(message)
            box.pass_s(UPKEEP_S)
        assert [as_plain(record) for record in box.events()] == [plain(row) for row in fake.events()]
        box.kill()


@given(several=st.lists(messages, min_size=1, max_size=8), data=st.data())
def test_how_the_messages_of_an_event_are_put_together_does_not_matter(several, data):
    """All at once, or any part of them before: what waits in memory and what lies on the disk obey one rule."""
    records = [record_of(a_message(phase, 0, seq, **how)) for seq, (phase, _, how) in enumerate(several, 1)]
    at = data.draw(st.integers(1, len(records)))
    whole = reduce(merged, records)
    assert whole == (merged(reduce(merged, records[:at]), reduce(merged, records[at:])) if records[at:] else whole)
    assert whole.confidence == max(record.confidence for record in records)
    assert (whole.first_seq, whole.last_seq) == (1, len(records))

"""Cut short: an event that was on when edged was killed gets an end, also where the disk failed in between."""

import shutil

from edged.messages.event import Phase
from edged.outbox.config import OutboxConfig
from edged.outbox.cut_short import cut_short
from edged.outbox.waiting import Waiting
from edged.runtime.health import Health
from tests.events import an_event
from tests.outbox.clocks import Hands


def opened(path, clock):
    return Waiting(path, OutboxConfig(), Health().part("outbox"), clock)


def accept(waiting, clock, phase, number):
    return waiting.accept([(an_event(phase, number), clock.now())], [])[0]


def test_the_end_has_the_last_moment_that_was_known(tmp_path):
    """It ended no earlier than its last message told; when it really did nobody knows."""
    clock = Hands().clock()
    waiting = opened(tmp_path / "outbox", clock)
    accept(waiting, clock, Phase.START, 1)
    last = accept(waiting, clock, Phase.UPDATE, 1)
    waiting.close()
    (end,) = opened(tmp_path / "outbox", clock).end_cut_short()
    assert (end.id, end.phase, end.cut_short, end.ended_at) == (last.id, Phase.END, True, last.observed_at)
    assert (end.label, end.duration_s, end.started_at) == (last.label, last.duration_s, last.started_at)
    assert end.seq == last.seq + 1


def test_a_copy_of_the_files_of_a_box_that_runs_tells_the_same(tmp_path):
    """As a kill leaves them: whatever was accepted is known."""
    clock = Hands().clock()
    waiting = opened(tmp_path / "outbox", clock)
    for number in (1, 2, 3):
        accept(waiting, clock, Phase.START, number)
    accept(waiting, clock, Phase.END, 2)
    (tmp_path / "killed").mkdir()
    for file in tmp_path.glob("outbox*"):
        shutil.copy(file, tmp_path / "killed")
    ends = opened(tmp_path / "killed" / "outbox", clock).end_cut_short()
    assert [end.id for end in ends] == [an_event(Phase.END, number).id for number in (1, 3)]
    waiting.close()


def test_what_ended_while_the_disk_failed_has_no_second_end(tmp_path):
    """And what began meanwhile has one: when the disk is back it knows what is on."""
    clock = Hands().clock()
    waiting = opened(tmp_path / "outbox", clock)
    accept(waiting, clock, Phase.START, 1)
    waiting._shelf.leave_disk(OSError(28, "No space left on device"), clock.now().unix_s)
    waiting._start_over()
    accept(waiting, clock, Phase.END, 1)
    accept(waiting, clock, Phase.START, 2)
    waiting.tend()
    waiting.close()
    ends = opened(tmp_path / "outbox", clock).end_cut_short()
    assert [end.id for end in ends] == [an_event(Phase.END, 2).id]


def test_a_garbled_message_has_no_end():
    """Nobody can say of what."""
    assert cut_short("{]", 1, Hands().clock().now()) is None

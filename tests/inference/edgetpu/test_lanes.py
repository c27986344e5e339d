"""Lanes of a model in the Edge TPU host: late replies, and models that go while one is on its way."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from edged.inference.edgetpu.channel import LAST_RANK, Channel, LateError
from edged.inference.edgetpu.host import DONE, LATE, REPLY, REQUEST
from edged.inference.model import zeros
from edged.inference.work import Rank
from tests.inference.edgetpu.conftest import box, stand_in, twin, wait_until

__all__ = ["box", "stand_in", "twin"]
TENSOR = SimpleNamespace(dtype="uint8", shape=(4,))
CARD = SimpleNamespace(name="made_up", inputs=[TENSOR], outputs=[TENSOR])
QUESTION = [np.zeros(4, np.uint8)]


@pytest.fixture
def lane():
    """Of a channel whose host is the test."""
    channel = Channel("made_up#1", CARD)
    channel._lanes[0].theirs.settimeout(5.0)
    yield channel._lanes[0]
    channel.close()
    channel.handed_over()


def test_a_request_is_sent_though_the_one_before_was_answered_too_late(lane):
    """What the host says of the last one, after its asker has gone, is not taken for a word about this one."""

    def answer(status):
        number, _, _ = REQUEST.unpack(lane.theirs.recv(REQUEST.size))
        lane.theirs.send(REPLY.pack(number, status, 5_000_000))

    with pytest.raises(LateError, match="no reply in time"):
        lane.ask(QUESTION, time.monotonic() + 0.01, 1)
    answer(LATE)
    host = threading.Thread(target=answer, args=(DONE,))
    host.start()
    _, took_s = lane.ask(QUESTION, time.monotonic() + 5.0, 1)
    host.join()
    assert took_s == 0.005


def test_a_request_is_refused_while_the_reply_to_the_one_before_is_owed(lane):
    """Its tensors stand where the device may still write."""
    with pytest.raises(LateError, match="no reply in time"):
        lane.ask(QUESTION, time.monotonic() + 0.01, 1)
    with pytest.raises(LateError, match="a reply is overdue"):
        lane.ask(QUESTION, time.monotonic() + 5.0, 1)
    assert lane.overdue_s() > 0.0


def test_a_model_that_goes_with_a_reply_on_its_way_leaves_the_others_on_the_device(box, twin, stand_in):
    """The kernel resets a socket that is closed with something unread in it: the host minds only the model's end."""
    made = box(deadline_ms=50)
    stays, goes = made.add(twin("stays")), made.add(twin("goes"))
    made.device.start()
    question = zeros(stays.card)
    wait_until(lambda: {model.run(question).use.device for model in (stays, goes)} == {"usb:0"})
    stand_in.fault(slow=120)
    assert goes.run(question).use.device == "cpu"
    time.sleep(0.2)  # its reply has come, and nobody has taken it
    channels = made.device._session.channels
    goes.close()
    wait_until(lambda: len(channels) == 1)
    stand_in.fault(slow=0)
    time.sleep(0.2)  # for the host to fall, if it does
    wait_until(lambda: stays.run(question).use.device == "usb:0")
    assert made.announced == [True]


def test_who_looks_after_the_device_asks_it_as_video_does():
    """Below that it would wait in vain on a device that is full of video, and take it for hanging."""
    assert LAST_RANK == Rank.VIDEO

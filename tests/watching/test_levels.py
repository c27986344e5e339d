"""How loud it is, beside what is on."""

import pytest

from edged.messages.level import LevelMessage
from edged.messages.wire import rfc3339
from edged.watching.boxes import Boxes
from tests.watching import telling
from tests.watching.telling import NOW_S
from tests.watching.test_view import picture


def a_level(**changes):
    figures = {"rms_dbfs": -22.4, "peak_dbfs": -12.0, "a_weighted_dbfs": -25.0, "a_weighted_db_spl": None}
    about = {"pipeline": "drones", "source": "roof", "at": rfc3339(NOW_S), "duration_s": 10.0}
    return LevelMessage(**{**about, **figures, "third_octaves_dbfs": {}, **changes}).payload()


@pytest.fixture
def boxes():
    boxes = Boxes("edged")
    for topic, payload in (("state", telling.state()), ("info", telling.info()), ("level/drones", a_level())):
        assert boxes.take(f"edged/yard/{topic}", payload, NOW_S, retained=False) is None  # no news in itself
    return boxes


def test_how_loud_it_is_stands_beside_its_pipeline(boxes):
    """As sound pressure where the microphone is calibrated; a figure that cannot be is none."""
    assert "nothing  -22 dBFS\n" in picture(boxes)
    for told, shown in ((69.2, "69 dBA"), (1e300, "?")):
        boxes.take("edged/yard/level/drones", a_level(a_weighted_db_spl=told), NOW_S, retained=False)
        assert f"nothing  {shown}\n" in picture(boxes)


def test_how_loud_it_was_long_ago_is_not_told(boxes):
    """After three intervals and a little."""
    assert "dBFS" in picture(boxes, now_s=NOW_S + 35)
    assert "dBFS" not in picture(boxes, now_s=NOW_S + 36)
    boxes.take("edged/yard/level/drones", b"", NOW_S, retained=True)
    assert "dBFS" not in picture(boxes)

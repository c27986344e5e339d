"""Lines: what is news, one plain line each, for where there is no terminal to draw on."""

from edged.messages.wire import EventMessage
from edged.watching.box import Box, Presence
from edged.watching.boxes import Boxes, News
from edged.watching.event_lines import circumstances, notes
from edged.watching.words import clock_time, count, duration, printable, score, unix_s


def news_line(news: News, now_s: float) -> str:
    """An event, or a gap."""
    device, told = news
    if not isinstance(told, EventMessage):
        gone = f"{count(told.dropped)} event messages are lost for good"
        return f"{clock_time(now_s, now_s)} {printable(device)} gap: {gone}"
    what = f"{printable(told.pipeline)} {told.phase}: {printable(told.label)} {score(told.confidence)}"
    how = f" {said}" if (said := circumstances(told)) else ""
    note = f" ({said})" if (said := notes(told)) else ""
    at = clock_time(unix_s(told.observed_at), now_s)
    return f"{at} {printable(device)} {what}{how}, {duration(told.duration_s)}{note}"


class Changes:
    """Tells how each box is when it is not as it was when it was told last."""

    def __init__(self, boxes: Boxes) -> None:
        self._boxes = boxes
        self._told: dict[str, tuple[object, ...]] = {}

    def lines(self, now_s: float, heard_until_s: float) -> list[str]:
        """The news since the last call; ``heard_until_s``: until when we were connected ourselves."""
        news = []
        for box in self._boxes:
            presence = self._boxes.presence(box, heard_until_s)
            key = _key(box, presence)
            if self._told.get(box.device) != key:
                self._told[box.device] = key
                news.append(f"{clock_time(now_s, now_s)} {printable(box.device)} {_words(box, presence)}")
        return news


def _key(box: Box, presence: Presence) -> tuple[object, ...]:
    """Equal where nothing changed but figures."""
    if presence is not Presence.ONLINE or not box.health:
        return (presence, box.unreadable > 0)
    return (presence, box.unreadable > 0, box.health.state, {reason.split(": ")[0] for reason in box.health.reasons})


def _words(box: Box, presence: Presence) -> str:
    said = [str(presence)]
    if presence is Presence.ONLINE and box.health:
        said += [f"health {box.health.state}", *box.health.reasons[:3]]
    if box.unreadable:
        said.append(f"unreadable: {box.last_unreadable}")
    return "; ".join(printable(text, 200) for text in said)

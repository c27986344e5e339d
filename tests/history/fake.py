"""FakeHistory: what a history is to be, in plain Python and in memory."""

from typing import Any

from edged.messages.event import Phase
from edged.messages.wire import EventMessage
from tests.history.boxes import EPOCH_S


class FakeHistory:
    """Rows as mappings; ``commit`` is a step of the real one at which upkeep is due."""

    def __init__(self, max_events: int, max_age_s: float) -> None:
        self._max_events, self._max_age_s = max_events, max_age_s
        self._rows: dict[str, dict[str, Any]] = {}
        self.restart()

    def restart(self) -> None:
        """What was not committed is lost."""
        self._waiting: list[EventMessage] = []
        self._starting = True

    def tell(self, message: EventMessage) -> None:
        self._waiting.append(message)

    def commit(self, now_s: float) -> None:
        for row in self._rows.values() if self._starting else ():
            row["cut"] = row["cut"] or row["ended"] is None
        self._starting = False
        for message in self._waiting:
            self._apply(message)
        self._waiting.clear()
        young = [row for row in self.events() if row["started"] >= now_s - self._max_age_s]
        self._rows = {row["id"]: row for row in young[-self._max_events :]}

    def events(self) -> list[dict[str, Any]]:
        return sorted(self._rows.values(), key=lambda row: (row["started"], row["id"]))

    def _apply(self, message: EventMessage) -> None:
        first = {"id": message.id, "started": seconds(message.started_at), "seqs": [], "told": [], "updates": 0}
        row = self._rows.setdefault(message.id, first)
        row["seqs"] = [*row["seqs"][:1], message.seq]
        row["told"] = [*row["told"], (message.confidence, message.evidence)]
        row["updates"] += message.phase is Phase.UPDATE
        row |= {
            "ended": seconds(message.ended_at) if message.ended_at else None,
            "cut": message.cut_short,
            "last": message,
        }


def seconds(text: str) -> float:
    """Of the seconds of the minute and after: events in tests begin at EPOCH_S, 20 s past a minute."""
    minute, second = text[14:16], text[17:-1]
    return EPOCH_S - 20 + 60 * (int(minute) - 13) + float(second)


def plain(row: dict[str, Any]) -> tuple[Any, ...]:
    """To be compared."""
    best = max(confidence for confidence, _ in row["told"])
    evidence = next(it for confidence, it in row["told"] if confidence == best)
    last = row["last"]
    told = (best, last.duration_s, row["updates"], row["seqs"][0], row["seqs"][-1], row["told"][0][1], evidence, last)
    return (row["id"], last.pipeline, last.label, last.subject, row["started"], row["ended"], row["cut"], *told)

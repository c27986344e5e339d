"""Forgetting: who was erased from the gallery does not live on in the history, nor in what was set aside of it."""

import logging
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from edged.errors import EdgedError
from edged.history.mentions import may_mention, mentioned, without_labels
from edged.history.record import ERASED, PERSON, Record, anonymous
from edged.history.store import Store
from edged.runtime.damaged_file import delete_aside
from edged.runtime.health import Part

UNTOLD = "who was erased cannot be learnt, names may stay"
"""The condition in health while the gallery cannot be asked."""

log = logging.getLogger(__name__)


class Forgetting:
    """Knows who was erased."""

    def __init__(self, erased: Callable[[], Collection[str]], path: Path, health: Part) -> None:
        """``erased``: by id in the gallery, EdgedError where it cannot be told; ``path``: the history's file."""
        self._erased, self._path, self._health = erased, path, health
        self._gone: frozenset[str] = frozenset()
        self.has_forgotten = False
        """:meth:`leave_nothing` is to be called."""

    def ask(self) -> None:
        """Learn who was erased. Where somebody was, all that was set aside goes: a damaged file cannot be cleaned."""
        try:
            gone = frozenset(self._erased())
        except EdgedError:
            self._health.condition(UNTOLD, on=True, remedy="see to the gallery: `edged people verify`")
            return
        self._health.condition(UNTOLD, on=False)
        if gone - self._gone:
            delete_aside(self._path)
        self._gone = gone

    def clean(self, store: Store) -> None:
        """Make the events of whoever was erased anonymous, in a transaction."""
        subjects = store.subjects() & {PERSON + person for person in self._gone}
        if changed := sum(map(store.make_anonymous, subjects)):
            store.clean_mentions()
            log.info("events made anonymous, whom they are about was erased", extra={"events": changed})
            self.has_forgotten = True

    def without(self, store: Store, records: Iterable[Record]) -> list[Record]:
        """The same, of nobody who was erased, and naming none of them."""
        clean = [anonymous(one) if one.is_about in self._gone else one for one in records]
        erased = {one.id for one in clean if one.label == ERASED}
        return [_without_mentions(store, one, erased) if self._gone and may_mention(one) else one for one in clean]

    def leave_nothing(self, store: Store) -> None:
        """What was overwritten goes from the log of writes too; where a reader is in the way, the next time."""
        self.has_forgotten = not store.cut_log()


def _without_mentions(store: Store, record: Record, erased: Collection[str]) -> Record:
    """``erased``: events that are to be written together with this one."""
    others = mentioned(record)
    return without_labels(record, store.anonymous_among(others) | others.intersection(erased))

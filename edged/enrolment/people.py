"""People: what is asked of the box about those it knows. The same for a running edged and without one."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field

from edged.config import Section
from edged.control.protocol import Answer, Arguments, Asker, Handler, Handlers, Result
from edged.enrolment.wire import facts_of, of_person, understand
from edged.gallery.gallery import Gallery


class Nothing(Section):
    """No arguments."""


class Who(Section):
    """Somebody, by name or id."""

    who: str


class Rename(Who):
    """``people.rename``."""

    name: str


class Merge(Who):
    """``people.merge``: ``who`` becomes part of ``into``."""

    into: str


class Last(Section):
    """``people.audit``."""

    limit: int = Field(100, ge=1, le=1000)


class Rekey(Section):
    """``people.rekey``; the file is the daemon's to read."""

    key_file: Path


class People:
    """Answers out of one gallery."""

    def __init__(self, gallery: Gallery, sha256: str | None) -> None:
        """``sha256``: of the embedder in use, which tells who needs to be enrolled again; None where there is none."""
        self._gallery, self._sha256 = gallery, sha256

    @property
    def handlers(self) -> Handlers:
        """By the requests' names."""
        one_shot = {
            "people.list": self.everybody,
            "people.show": self.show,
            "people.rename": self.rename,
            "people.merge": self.merge,
            "people.erase": self.erase,
            "people.verify": self.verify,
            "people.rekey": self.rekey,
            "people.audit": self.audit,
        }
        return {name: _once(action) for name, action in one_shot.items()}

    def everybody(self, arguments: Arguments, _asker: Asker) -> dict[str, Any]:
        """Everybody, and what happened to the gallery when it was opened."""
        understand(Nothing, arguments)
        stale = self._stale()
        people = [of_person(person, stale) for person in self._gallery.people()]
        return {"people": people, "report": self._gallery.report}

    def show(self, arguments: Arguments, _asker: Asker) -> dict[str, Any]:
        """One person, with what they were taught from."""
        person = self._gallery.find(understand(Who, arguments).who)
        samples = [facts_of(sample) for sample in self._gallery.samples(person.id)]
        return of_person(person, self._stale()) | {"taught_from": samples}

    def rename(self, arguments: Arguments, asker: Asker) -> dict[str, Any]:
        """The person under their new name."""
        wanted = understand(Rename, arguments)
        person = self._gallery.find(wanted.who)
        return of_person(self._gallery.rename(person.id, wanted.name, by=asker.by), self._stale())

    def merge(self, arguments: Arguments, asker: Asker) -> dict[str, Any]:
        """The person that both are now."""
        wanted = understand(Merge, arguments)
        one, into = self._gallery.find(wanted.who), self._gallery.find(wanted.into)
        return of_person(self._gallery.merge(one.id, into.id, by=asker.by), self._stale())

    def erase(self, arguments: Arguments, asker: Asker) -> dict[str, Any]:
        """What is gone, and what is out of the box's reach."""
        person = self._gallery.find(understand(Who, arguments).who)
        return asdict(self._gallery.erase(person.id, by=asker.by))

    def verify(self, arguments: Arguments, _asker: Asker) -> dict[str, Any]:
        """What is wrong with the gallery."""
        understand(Nothing, arguments)
        return {"faults": list(self._gallery.verify())}

    def rekey(self, arguments: Arguments, asker: Asker) -> dict[str, Any]:
        """Everything is sealed anew with the key in that file."""
        path = understand(Rekey, arguments).key_file
        self._gallery.rekey(path, by=asker.by)
        return {"key_file": str(path)}

    def audit(self, arguments: Arguments, _asker: Asker) -> dict[str, Any]:
        """Who did what, the latest first."""
        entries = self._gallery.audit(understand(Last, arguments).limit)
        return {"entries": [asdict(entry) for entry in entries]}

    def _stale(self) -> set[str]:
        return {person.id for person in self._gallery.stale(self._sha256)} if self._sha256 else set()


def _once(action: Callable[[Arguments, Asker], dict[str, Any]]) -> Handler:
    """A handler that gives one result."""

    def handler(arguments: Arguments, asker: Asker) -> Iterator[Answer]:
        yield Result(action(arguments, asker))

    return handler

"""RemotePeople: the command `people`."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from edged.commands import CommandError
from edged.control.protocol import Handlers, Result, find
from edged.messages.requests import PeopleRequest, Request

ENROLL_PICTURES = 5


class Sender(NamedTuple):
    """Who asks, for the audit log."""

    transaction: str

    @property
    def by(self) -> str:
        """``MQTT, transaction 4711``."""
        return f"MQTT, transaction {self.transaction}"


class RemotePeople:
    """Asks what the local socket would ask."""

    def __init__(self, handlers: Callable[[], Handlers]) -> None:
        """``handlers``: those of the running box; none where no pipeline of faces runs."""
        self._handlers = handlers

    def __call__(self, request: PeopleRequest) -> dict[str, Any]:
        """Whom the box knows, by id and name; or what became of them."""
        match request.action:
            case "list":
                known = self._ask("people.list", {}, request)["people"]
                return {"people": [{"id": person["id"], "name": person["name"]} for person in known]}
            case "rename":
                return self._ask("people.rename", {"who": request.person, "name": request.name}, request)
            case "erase":
                return self._ask("people.erase", {"who": request.person}, request)
            case _:
                return self._enroll(request)

    def _enroll(self, request: PeopleRequest) -> dict[str, Any]:
        look = {"source": request.camera, "count": request.count or ENROLL_PICTURES}
        samples = self._ask("enroll.camera", look, request)["samples"]
        answer = self._ask("enroll.store", {"name": request.name, "samples": samples}, request)
        if doubts := answer.get("doubts"):
            raise CommandError(f"{'; '.join(doubts)}: enrol on the box itself, where this can be answered")
        return dict(answer["person"])

    def _ask(self, do: str, arguments: Mapping[str, Any], request: Request) -> dict[str, Any]:
        handlers = self._handlers()
        if not handlers:
            raise CommandError("no pipeline of faces runs here, so nobody is known")
        answers = find(handlers, do)(arguments, Sender(request.transaction))
        return dict(next(answer.value for answer in answers if isinstance(answer, Result)))

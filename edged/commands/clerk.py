"""Clerk: reads one message, has it carried out where it may be, answers, and puts it on record."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from edged.commands.audit import Audit, AuditLine
from edged.commands.config import CommandsConfig
from edged.commands.errors import CommandError
from edged.commands.once import Once
from edged.commands.reading import decode, told, transaction_of, validate
from edged.errors import EdgedError
from edged.messages.requests import REQUESTS, PeopleRequest, Request, ResponseMessage
from edged.messages.wire import rfc3339
from edged.runtime.health import Clock, Part

MOST_ANSWER_BYTES = 2**20
FAULT = "edged has a fault; its log says more"

Handler = Callable[[Any], BaseModel | Mapping[str, Any]]
"""Carries out the requests of one command, on the desk's thread; gives what stands in the answer's ``data``.

EdgedError where it cannot: the asker is told its words.
"""
Respond = Callable[[str, ResponseMessage], object]
"""Publishes on ``response/<command>``, now or never; must not wait."""
Outcome = Literal["begun", "ok", "error", "refused", "fault"]

log = logging.getLogger(__name__)


class Clerk:
    """Works on one message at a time. One thread only."""

    def __init__(
        self,
        config: CommandsConfig,
        handlers: Mapping[str, Handler],
        respond: Respond,
        audit: Audit,
        health: Part,
        clock: Clock = time.monotonic,
        unix_time: Clock = time.time,
    ) -> None:
        self._config, self._handlers, self._respond = config, handlers, respond
        self._audit, self._health, self._unix_time = audit, health, unix_time
        self._once = Once(config.max_age_s, audit.changes(), clock)

    def refuse(self, command: str, payload: bytes, reason: str, *, record: bool) -> None:
        """Tell the asker that it will not be done; ``record``: in the audit log too."""
        try:
            transaction = transaction_of(decode(payload))
        except CommandError:
            transaction = None
        self._refuse(command, transaction, reason, record=record)

    def serve(self, command: str, payload: bytes, came_s: float) -> None:
        """Carry it out, or tell the asker what is wrong with it; ``came_s``: Unix time."""
        transaction = None
        try:
            fields = decode(payload)
            transaction = transaction_of(fields)
            request = validate(command, fields)
            self._check(request, came_s)
        except CommandError as error:
            self._health.count("refused")
            self._refuse(command, transaction, str(error), record=True)
            return
        self._carry_out(command, request)

    def _check(self, request: Request, came_s: float) -> None:
        """CommandError unless it may be carried out, now."""
        if isinstance(request, PeopleRequest) and request.changes and self._config.people is not True:
            remedy = "commands.people: true in the configuration allows it"
            raise CommandError(f"{request.action} is not allowed here; {remedy}")
        self._once.admit(request, came_s)

    def _refuse(self, command: str, transaction: str | None, reason: str, *, record: bool) -> None:
        response = _failed(command, transaction, reason)
        self._respond(command, response)
        if record:
            self._write(command, response, "refused")

    def _carry_out(self, command: str, request: Request) -> None:
        if request.changes:
            self._write(command, ResponseMessage(status="ok", transaction=request.transaction), "begun", request)
        response, outcome = self._result(command, request)
        self._health.count("answered")
        self._write(command, response, outcome, request)
        self._respond(command, response)

    def _result(self, command: str, request: Request) -> tuple[ResponseMessage, Outcome]:
        try:
            return _answer(self._handlers[command](request), request.transaction), "ok"
        except EdgedError as error:
            return _failed(command, request.transaction, str(error)), "error"
        except Exception:  # a handler's bug costs the request, not the box
            log.exception("a command failed", extra={"command": command})
            self._health.count("faults")
            return _failed(command, request.transaction, FAULT), "fault"

    def _write(self, command: str, response: ResponseMessage, outcome: Outcome, request: Request | None = None) -> None:
        kind = REQUESTS.get(command, Request)
        arguments = request.model_dump(mode="json", exclude_unset=True) if request else {}
        line = AuditLine(
            at=rfc3339(self._unix_time()),
            command=command,
            transaction=response.transaction,
            outcome=outcome,
            asked_at=arguments.get("at"),
            arguments={k: v for k, v in arguments.items() if k not in {"transaction", "at", *kind.PRIVATE}},
            reason=None if kind.PRIVATE else response.error,  # it may tell what is private
        )
        self._audit.write(line, change=request is not None and request.changes)


def _answer(data: BaseModel | Mapping[str, Any], transaction: str) -> ResponseMessage:
    """CommandError where it is too long to be sent; ValueError where it is not for JSON."""
    plain = to_jsonable_python(data, inf_nan_mode="null")
    response = ResponseMessage(status="ok", data=plain, transaction=transaction)
    if (size := len(response.payload())) > MOST_ANSWER_BYTES:
        raise CommandError(f"the answer has {size:,} bytes, more than {MOST_ANSWER_BYTES:,}; ask for less at a time")
    return response


def _failed(command: str, transaction: str | None, reason: str) -> ResponseMessage:
    return ResponseMessage(status="error", error=told(f"{command}: {reason}"), transaction=transaction)

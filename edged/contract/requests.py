"""The schemas of requests, with what each kind of them needs beyond its fields."""

from collections.abc import Iterable
from typing import Any

from edged.contract.schemas import schema_of
from edged.messages.requests import ActionRequest, Change, Request, SetRequest

ALWAYS = {"transaction", "at", "action"}


def request_schema(request: type[Request]) -> dict[str, Any]:
    """JSON Schema of what may be asked."""
    schema = schema_of(request, "validation")
    if issubclass(request, Change):
        schema["allOf"] = [_needs({"at"}, ())]
    if issubclass(request, SetRequest):
        said = [
            {"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in ("threshold", "enabled")
        ]
        schema["anyOf"] = [*said, {"required": ["quiet_until"]}]
    if issubclass(request, ActionRequest):
        schema["allOf"] = [_rule(request, action) for action in request.ACTIONS]
    return schema


def _rule(request: type[ActionRequest], action: str) -> dict[str, Any]:
    needed, optional = request.ACTIONS[action]
    needless = set(request.model_fields) - ALWAYS - needed - optional
    changes = request.model_construct(transaction="", action=action).changes
    then = _needs(needed | {"at"} if changes else needed, sorted(needless))
    return {"if": {"properties": {"action": {"const": action}}}, "then": then}


def _needs(needed: Iterable[str], needless: Iterable[str]) -> dict[str, Any]:
    """What must be there and what must not; a time that is needed is not null."""
    said = {name: {"type": "string"} for name in needed if name == "at"}
    return {"required": sorted(needed), "properties": said | dict.fromkeys(needless, False)}

"""Reading a request: bytes -> JSON -> the request's type, or one clear error. Pure functions."""

import json
import math
import re
from functools import cache
from typing import Any

from pydantic import ValidationError

from edged.commands.errors import CommandError
from edged.config import dotted
from edged.config.explain import Explain
from edged.messages.request_fields import TRANSACTION
from edged.messages.requests import REQUESTS, Request

Fields = dict[str, Any]

_LONGEST_NUMBER = 20
"""Characters of a whole number."""
_MOST_FAULTS = 3
"""That are told at once."""
_LONGEST = 400
"""Characters of an error."""


def decode(payload: bytes) -> Fields:
    """The JSON object in ``payload``; CommandError unless it is one by RFC 8259, in UTF-8, no key twice."""
    try:
        value = json.loads(
            payload.decode("utf-8"),  # json itself would guess at the encoding
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_no_key_twice,
        )
    except RecursionError:
        raise CommandError("is nested too deep; a request is one flat JSON object") from None
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise CommandError(told(f"is not JSON: {error}")) from None
    if not isinstance(value, dict):
        raise CommandError('is not a JSON object; it must look like {"transaction": "1"}')
    return value


def transaction_of(fields: Fields) -> str | None:
    """The request's transaction, where there is one that may be repeated in an answer."""
    transaction = fields.get("transaction")
    fits = isinstance(transaction, str) and re.fullmatch(TRANSACTION.strip("^$"), transaction)
    return transaction if fits else None


def validate(command: str, fields: Fields) -> Request:
    """The request; CommandError names key, value and remedy of what is wrong with it."""
    try:
        return REQUESTS[command].model_validate(fields)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        explain = _explain(command)
        texts = [f"{dotted(key)}: {said}" if key else said for key, said in map(explain, faults[:_MOST_FAULTS])]
        more = f" (and {len(faults) - len(texts)} more)" if len(faults) > len(texts) else ""
        raise CommandError(told("; ".join(texts) + more)) from None


def told(text: str) -> str:
    """Words that can go over the wire: no half surrogates, not too long."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@cache
def _explain(command: str) -> Explain:
    return Explain(REQUESTS[command])


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"{text[:20]}… is too long a number")
    return int(text)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    for key in fields:
        key.encode()  # refuses half a surrogate pair with a ValueError
    if len(fields) < len(pairs):
        raise ValueError("a key stands in it twice")
    return fields

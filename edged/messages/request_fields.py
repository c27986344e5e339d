"""The kinds of text that stand in requests."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

TRANSACTION = r"^[A-Za-z0-9._:-]{1,64}$"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def unix_s(time: str) -> float:
    """RFC 3339 -> Unix time; ValueError where there is no such time."""
    if not _TIME.fullmatch(time):
        raise ValueError(f"{time!r:.60}, must be a time with its zone, such as 2026-11-21T07:38:05Z")
    try:
        return datetime.fromisoformat(time.upper()).timestamp()
    except ValueError:
        raise ValueError(f"{time!r}, must be a time that there is") from None


def _is_a_time(text: str) -> str:
    unix_s(text)
    return text


Time = Annotated[
    str, AfterValidator(_is_a_time), Field(json_schema_extra={"format": "date-time", "pattern": f"^{_TIME.pattern}$"})
]
"""RFC 3339 with its zone: ``2026-11-21T07:38:05Z``."""
Ulid = Annotated[str, StringConstraints(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
Name = Annotated[str, StringConstraints(pattern="^[a-z0-9_-]{1,40}$")]
"""Of a pipeline, a source or a model: a slug."""
Label = Annotated[str, StringConstraints(pattern="^[a-z0-9_-]{1,80}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}$")]
"""In no other folder, and not hidden."""

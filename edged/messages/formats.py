"""Formats: what texts and numbers on the wire look like, for the JSON Schemas. They describe; edged checks nothing."""

from typing import Annotated

from pydantic import WithJsonSchema

SLUG = r"[a-z0-9_-]{1,40}"
"""What stands in one place of a topic; the configuration asks the same of names."""
ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"

Time = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    ),
]
"""RFC 3339, UTC, with milliseconds."""
Ulid = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{ULID}$"})]
Name = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{SLUG}$"})]
"""A name that may stand in a topic."""
Subject = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^(person:.+|stranger:{ULID})$"})]
Sha256 = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Score = Annotated[float, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
Seq = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 1})]
Count = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0})]
Lasting = Annotated[float, WithJsonSchema({"type": "number", "minimum": 0})]
"""Seconds or milliseconds that passed."""

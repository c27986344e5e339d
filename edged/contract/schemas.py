"""JSON Schemas (2020-12) of message types, with their docstrings as descriptions."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schemas(GenerateJsonSchema):
    """Types have titles; that of a key would only say it again. In what is sent every key is there, default or not."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # what it is asked
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)

    def default_schema(self, schema: Any) -> dict[str, Any]:
        whole = super().default_schema(schema)
        if self.mode == "serialization" or whole.get("default", ...) is None:
            whole.pop("default", None)
        return whole


def schema_of(message: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
    """The schema of what is sent (``serialization``: each key is there) or of what is taken (``validation``)."""
    schema = message.model_json_schema(mode=mode, schema_generator=_Schemas)
    return {"$schema": DIALECT, **_readable(schema)}


def plain(title: str, description: str, *words: str) -> dict[str, Any]:
    """The schema of a payload that is no JSON: one of ``words``, or bytes where there are none."""
    allowed = {"enum": list(words)} if words else {"format": "binary"}
    return {"$schema": DIALECT, "title": title, "description": description, "type": "string", **allowed}


def _readable(node: Any) -> Any:
    """Docstrings as Markdown, and each description before what it describes."""
    if isinstance(node, list):
        return [_readable(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    described = {}
    if isinstance(text := node.get("description"), str):
        described["description"] = " ".join(text.replace("``", "`").split())
    return described | {key: _readable(value) for key, value in node.items() if key not in described}

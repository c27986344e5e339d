"""Flatbuffer: tables and lists of numbers read from bytes that are not trusted.

A runtime may crash the process on a damaged file, so its structure is checked here before one sees it. The reader that
comes with LiteRT (``ai_edge_litert.schema_py_generated``) costs 42 MB of memory, believes every offset, and does not
exist beside tflite-runtime; what verifying a model needs fits on this page.

The format: https://flatbuffers.dev/internals. All numbers are little-endian; a table refers to its list of fields.
"""

import struct
from typing import Any

from edged.errors import ModelError

I8, U8, U16, I32, U32 = (struct.Struct(f"<{kind}") for kind in "bBHiI")


class Reader:
    """Reads what lies inside the content, and at most four times as much as that holds.

    The limit is for tables and lists that several others share: a small file could pretend to be a huge one.
    """

    def __init__(self, content: bytes, name: str) -> None:
        """``name`` is the model's, for messages."""
        self._content = content
        self._name = name
        self._left = 4 * len(content)

    def damaged(self, what: str) -> ModelError:
        """The error to raise where the content cannot be right."""
        return ModelError(f"model {self._name}: the file is damaged: {what}; install the model again")

    def number(self, kind: struct.Struct, position: int) -> int:
        """The number at ``position``."""
        self._spend(position, kind.size)
        return int(kind.unpack_from(self._content, position)[0])

    def follow(self, position: int) -> int:
        """Where the reference at ``position`` leads: references are relative, forwards."""
        return position + self.number(U32, position)

    def numbers(self, kind: str, position: int) -> tuple[Any, ...]:
        """The list at ``position``, which begins with its length."""
        count = self.number(U32, position)
        self._spend(position + 4, count * struct.calcsize(f"<{kind}"))
        return struct.unpack_from(f"<{count}{kind}", self._content, position + 4)

    def text(self, position: int) -> str:
        """The text at ``position``, which begins with its length in bytes."""
        count = self.number(U32, position)
        self._spend(position + 4, count)
        return self._content[position + 4 : position + 4 + count].decode(errors="replace")

    def length(self, position: int) -> int:
        """The length of the list of bytes at ``position``, which lies inside the content and is not read."""
        count = self.number(U32, position)
        self._within(position + 4, count)
        return count

    def _within(self, position: int, size: int) -> None:
        if not 0 <= position <= len(self._content) - size:
            raise self.damaged(f"it refers to {size} bytes at {position}, it has {len(self._content)}")

    def _spend(self, position: int, size: int) -> None:
        self._within(position, size)
        self._left -= size
        if self._left < 0:
            raise self.damaged("it refers to the same bytes again and again")


class Table:
    """One table: its fields by their number in the schema, each with a default where the file leaves it out."""

    def __init__(self, reader: Reader, position: int) -> None:
        self._reader = reader
        self._position = position
        self._fields = position - reader.number(I32, position)
        self._size = reader.number(U16, self._fields)

    def number(self, field: int, kind: struct.Struct, default: int = 0) -> int:
        """A number that stands in the table itself."""
        position = self._find(field)
        return self._reader.number(kind, position) if position else default

    def numbers(self, field: int, kind: str) -> tuple[Any, ...]:
        """A list of numbers; ``kind`` is struct's letter."""
        position = self._find(field)
        return self._reader.numbers(kind, self._reader.follow(position)) if position else ()

    def text(self, field: int) -> str:
        """A text; what is not UTF-8 in it is replaced."""
        position = self._find(field)
        return self._reader.text(self._reader.follow(position)) if position else ""

    def length(self, field: int) -> int:
        """The length of a list of bytes."""
        position = self._find(field)
        return self._reader.length(self._reader.follow(position)) if position else 0

    def table(self, field: int) -> "Table | None":
        """Another table."""
        position = self._find(field)
        return Table(self._reader, self._reader.follow(position)) if position else None

    def tables(self, field: int) -> list["Table"]:
        """A list of tables."""
        if not (position := self._find(field)):
            return []
        start = self._reader.follow(position)
        references = self._reader.numbers("I", start)
        return [Table(self._reader, start + 4 * n + reference) for n, reference in enumerate(references, 1)]

    def _find(self, field: int) -> int:
        """Where the field is; 0 where the file leaves it out."""
        entry = 4 + 2 * field
        offset = self._reader.number(U16, self._fields + entry) if entry + U16.size <= self._size else 0
        return self._position + offset if offset else 0

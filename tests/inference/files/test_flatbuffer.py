"""The reader of flatbuffers: it never leaves the content, and never reads it for ever."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ModelError
from edged.inference.files.flatbuffer import I8, U16, U32, Reader, Table

# a table at 8 whose list of fields, at 0, says: 8 bytes, 12 bytes of table, field 0 at 4, field 1 left out
TABLE = struct.pack("<HHHHiIi", 8, 12, 4, 0, 8, 4, 3) + b"abc"


def test_a_table_gives_its_fields_and_defaults_for_the_others():
    """Left out by the writer, or not yet thought of by it."""
    table = Table(Reader(TABLE, "x"), 8)
    assert table.text(0) == "abc"
    assert table.number(0, U32) == 4
    assert table.number(1, U16, 7) == table.number(9, U16, 7) == 7
    assert (table.numbers(1, "i"), table.text(1), table.length(1), table.table(1), table.tables(1)) == (
        (),
        "",
        0,
        None,
        [],
    )


@pytest.mark.parametrize("position", [-1, -4, 12, 2**31, 2**32])
def test_what_lies_outside_is_damage(position):
    """Before the beginning too, where Python would count from the end."""
    with pytest.raises(
        ModelError, match=rf"model x: the file is damaged: it refers to 4 bytes at {position}, it has 12"
    ):
        Reader(bytes(12), "x").number(U32, position)


@pytest.mark.parametrize("read", [Reader.length, Reader.text, lambda reader, at: reader.numbers("q", at)])
def test_a_list_longer_than_the_content_is_damage(read):
    """Its length is not believed."""
    with pytest.raises(ModelError, match="damaged"):
        read(Reader(struct.pack("<I", 2**32 - 1) + bytes(100), "x"), 0)


def test_the_same_list_again_and_again_is_damage():
    """A small file cannot keep the reader busy."""
    reader = Reader(struct.pack("<I", 1000) + bytes(1000), "x")
    for _ in range(4):
        reader.numbers("b", 0)
    with pytest.raises(ModelError, match="again and again"):
        reader.numbers("b", 0)


@given(st.binary(max_size=300), st.integers(-10, 310), st.integers(0, 20))
def test_any_bytes_give_a_value_or_damage(content, position, field):
    """And nothing else."""
    for read in (
        lambda table: table.number(field, I8),
        lambda table: table.numbers(field, "f"),
        lambda table: table.text(field),
        lambda table: table.length(field),
        lambda table: table.table(field),
        lambda table: table.tables(field),
    ):
        with contextlib.suppress(ModelError):
            read(Table(Reader(content, "x"), position))

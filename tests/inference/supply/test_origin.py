"""Where the files of a model come from."""

import hashlib

import pytest

from edged.errors import ModelError
from edged.inference.files.card import ModelFile
from edged.inference.supply.origin import FolderMirror, Upstream, WebMirror, mirror

CONTENT = b"a model" * 100
FILE = ModelFile(path="x.tflite", sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


def test_a_folder_gives_the_file_of_that_name_with_the_right_sum(tmp_path):
    """Anywhere below it, whatever else has the name."""
    for place, content in (("a", b"another"), ("b/c", b"A model" * 100), ("b/d", CONTENT)):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "x.tflite").write_bytes(content)
    told = []
    assert FolderMirror(tmp_path / "b")(FILE, tmp_path / "part", told.append) is False
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert told == [len(CONTENT)]


def test_a_folder_without_it_says_what_it_has_instead(tmp_path):
    """A file of the same name and another content is named."""
    with pytest.raises(ModelError, match=rf"x\.tflite: not below {tmp_path}; put the file with sha256 \w{{12}}… there"):
        FolderMirror(tmp_path)(FILE, tmp_path / "part", lambda _: None)
    (tmp_path / "x.tflite").write_bytes(b"another")
    with pytest.raises(ModelError, match=rf"{tmp_path}/x\.tflite has another content"):
        FolderMirror(tmp_path)(FILE, tmp_path / "part", lambda _: None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": None}, "names no url; `--mirror DIR`"),
        ({"url": "http://example.org/x"}, "http://example.org/x: must begin with https://"),
        ({"url": "file:///etc/passwd"}, "must begin with https://"),
        ({"url": "https://example.org/x", "size": None}, "names no size"),
    ],
)
def test_upstream_is_asked_over_https_for_what_has_a_limit(tmp_path, change, message):
    """Anything else is refused before anything is asked."""
    with pytest.raises(ModelError, match=message):
        Upstream()(FILE.model_copy(update=change), tmp_path / "part", lambda _: None)


def test_the_option_is_a_url_or_a_folder(tmp_path):
    """Or a message."""
    assert mirror(None) == Upstream()
    assert mirror("http://box.local/models") == WebMirror("http://box.local/models")
    assert mirror(str(tmp_path)) == FolderMirror(tmp_path)
    with pytest.raises(ModelError, match="--mirror /nowhere/at/all: is no folder, and no URL"):
        mirror("/nowhere/at/all")

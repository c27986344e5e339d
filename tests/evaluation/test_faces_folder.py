"""Folders of pictures of people: what is taken for what, and what is refused."""

import pytest

from edged.evaluation.faces_folder import FacesFolderError, Labelled, read_folder


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_pictures_are_labelled_by_their_folders(tmp_path):
    """In order, whatever the suffix's case; what is no picture is passed over, strangers may lie alone."""
    put(tmp_path, "gallery/ana/2.JPG", "gallery/ana/1.png", "gallery/ana/notes.txt", "gallery/list.csv")
    put(tmp_path, "probes/ana/3.jpg", "strangers/x.jpg", "strangers/bo/1.pgm")
    folder = read_folder(tmp_path)
    assert folder.gallery == tuple(Labelled(tmp_path / "gallery/ana" / name, "ana") for name in ("1.png", "2.JPG"))
    assert folder.probes == (Labelled(tmp_path / "probes/ana/3.jpg", "ana"),)
    assert [picture.person for picture in folder.strangers] == ["x.jpg", "bo"]


def test_folders_may_be_links(tmp_path):
    """A layout costs no copies."""
    put(tmp_path, "here/1.jpg", "eval/probes/ana/2.jpg", "eval/strangers/x.jpg")
    (tmp_path / "eval/gallery").mkdir()
    (tmp_path / "eval/gallery/ana").symlink_to(tmp_path / "here")
    assert len(read_folder(tmp_path / "eval").gallery) == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), r"gallery: cannot be read \(No such file or directory\); a folder to evaluate has gallery/"),
        (("gallery/ana/1.txt",), "gallery: no picture of anybody"),
        (("gallery/ana/1.jpg", "probes/bo/1.jpg", "strangers/x.jpg"), "probes/bo/1.jpg: 'bo' is not in gallery/"),
        (("gallery/ana/1.jpg", "probes/ana/1.jpg"), "strangers: cannot be read"),
        (("gallery/ana/1.jpg", "probes/ana/2.jpg", "strangers/ana/1.jpg"), "'ana' is in gallery/ too"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, names, message):
    """Which path, and what would do."""
    put(tmp_path, *names)
    with pytest.raises(FacesFolderError, match=message):
        read_folder(tmp_path)

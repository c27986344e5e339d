"""Enrolling: gathers samples from pictures or a camera, shows how it goes, and stores each person's all at once."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edged.cli.people.asking import result_of
from edged.cli.people.confirm import confirm
from edged.cli.terminal import complain, progress
from edged.control.protocol import Ask
from edged.enrolment.pictures import PictureError, find_pictures, read_picture, shown
from edged.enrolment.wire import of_picture
from edged.errors import EdgedError
from edged.gallery.people import MOST_SAMPLES, checked_name, folded

LONGEST_ORIGIN = 200
Samples = list[dict[str, Any]]
Tell = Callable[[], None]


class Enrolling:
    """Holds what became of each person and picture."""

    def __init__(self, ask: Ask, details: Mapping[str, Any], *, may_ask: bool) -> None:
        """``details``: the arguments of `enroll.store` beside name and samples. ``may_ask``: of the user, in doubt."""
        self._ask, self._details, self._may_ask = ask, details, may_ask
        self.enrolled: list[dict[str, Any]] = []
        self.refused: list[str] = []
        """A line a picture."""
        self.missed: list[str] = []
        """A line a person who was not enrolled."""

    def folder_of_people(self, folder: Path) -> None:
        """Each folder in it is a person. EdgedError where there is none."""
        folders = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
        if not folders:
            raise EdgedError(f"{shown(folder)}: holds no folders named after people; `edged enroll NAME DIR` takes one")
        with progress() as bar:
            task = bar.add_task("people", total=len(folders))
            for each in folders:
                bar.update(task, description=shown(Path(each.name)))
                self._store(each.name, self._look_at([each], lambda: None))
                bar.advance(task)

    def pictures(self, name: str, paths: Sequence[Path]) -> None:
        """One person, from pictures and folders of pictures."""
        if not self._may_be(name):
            return
        with progress() as bar:
            task = bar.add_task(name, total=None)
            samples = self._look_at(paths, lambda: bar.advance(task))
        self._store(name, samples)

    def camera(self, name: str, source: str, count: int) -> None:
        """One person, in front of a camera; EdgedError where nothing can be learnt there."""
        if not self._may_be(name):
            return
        with progress(counted=True) as bar:
            task = bar.add_task(f"opening {source}", total=count)
            last = ""

            def tell(told: Mapping[str, Any]) -> None:
                nonlocal last
                if not sys.stderr.isatty() and told["prompt"] != last:
                    sys.stderr.write(f"{told['taken']} of {told['count']}: {told['prompt']}\n")
                last = told["prompt"]
                bar.update(task, description=f"[bold]{told['prompt']}", completed=told["taken"])

            answer = result_of(self._ask, "enroll.camera", {"source": source, "count": count}, tell)
        self._store(name, answer["samples"])

    def _may_be(self, name: str) -> bool:
        """Whether they can be stored under that name: who cannot is told before they pose. It may be taken by then."""
        try:
            if self._details["add"]:
                result_of(self._ask, "people.show", {"who": name})
                return True
            wanted = folded(checked_name(name))
        except EdgedError as error:
            self._miss(f"{name}: {error}")
            return False
        people = result_of(self._ask, "people.list", {})["people"]
        if taken := next((each["name"] for each in people if folded(each["name"]) == wanted), None):
            self._miss(f"{taken}: is enrolled already; --add adds to what is known of them, or choose another name")
        return taken is None

    def _look_at(self, paths: Sequence[Path], tell: Tell) -> Samples:
        samples: Samples = []
        for path in _files(paths):
            if len(samples) == MOST_SAMPLES:
                self._refuse(f"{shown(path) if isinstance(path, Path) else path}: {MOST_SAMPLES} samples are enough")
                break
            tell()
            try:
                if isinstance(path, PictureError):
                    raise path
                request = {"picture": of_picture(read_picture(path)), "origin": shown(path)[-LONGEST_ORIGIN:]}
            except PictureError as error:
                self._refuse(str(error))
                continue
            answer = result_of(self._ask, "enroll.picture", request)
            if "sample" in answer:
                samples.append(answer["sample"])
            else:
                self._refuse(f"{shown(path)}: {answer['refused']}")
        return samples

    def _store(self, name: str, samples: Samples) -> None:
        if not samples:
            self._miss(f"{name}: no picture to learn from")
            return
        request = {**self._details, "name": name, "samples": samples}
        try:
            answer = result_of(self._ask, "enroll.store", request)
            if doubts := answer.get("doubts"):
                if not self._sure(name, doubts):
                    return
                answer = result_of(self._ask, "enroll.store", {**request, "sure": True})
        except EdgedError as error:  # a name that cannot be, or is another's: the others go on
            self._miss(f"{name}: {error}")
            return
        self.enrolled.append(answer["person"])

    def _sure(self, name: str, doubts: Sequence[str]) -> bool:
        for doubt in doubts:
            complain(f"{name}: {doubt}")
        if self._may_ask and confirm(f"enrol {name} all the same?"):
            return True
        self.missed.append(f"{name}: not enrolled: {'; '.join(doubts)}")
        complain(f"{name}: not enrolled; --yes enrols all the same, --add with another's name adds to that person")
        return False

    def _refuse(self, line: str) -> None:
        self.refused.append(line)
        complain(line)

    def _miss(self, line: str) -> None:
        self.missed.append(line)
        complain(line)


def _files(paths: Sequence[Path]) -> Iterator[Path | PictureError]:
    """Files as they are named, and what is in folders."""
    for path in paths:
        if path.is_dir():
            yield from find_pictures(path)
        else:
            yield path

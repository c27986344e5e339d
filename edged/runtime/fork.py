"""Fork: several stages beside one another; each item goes through one of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from edged.runtime.flow import step_name

T = TypeVar("T")
U = TypeVar("U")


class Fork(Generic[T, U]):
    """A stage. Time that goes by, and the end of the stream, are told to every branch."""

    def __init__(self, branches: Mapping[str, Callable[[T], Iterable[U]]], pick: Callable[[T], str]) -> None:
        """``pick``: the name of the branch that an item goes through. ValueError where there is no branch."""
        if not branches:
            raise ValueError("a fork has at least one branch")
        self._branches, self._pick = dict(branches), pick
        self.__name__ = step_name(next(iter(self._branches.values())))

    def __call__(self, item: T) -> Iterable[U]:
        return self._branches[self._pick(item)](item)

    def advance(self, now_s: float) -> Iterator[U]:
        """Everything up to this time has gone by."""
        yield from self._of_all("advance", now_s)

    def finish(self) -> Iterator[U]:
        """The stream stops here."""
        yield from self._of_all("finish")

    def _of_all(self, name: str, *given: Any) -> Iterator[U]:
        for stage in self._branches.values():
            if method := getattr(stage, name, None):
                yield from method(*given)

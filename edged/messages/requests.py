"""What may be asked of the box over MQTT (``request/<command>``), and the answer (``response/<command>``)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from edged.messages.request_fields import TRANSACTION, FileName, Label, Name, Time, Ulid
from edged.messages.wire import Message


class Request(Message):
    """What every request says. JSON types are taken as they stand: ``"1"`` is no number. Null means left out."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    PRIVATE: ClassVar[frozenset[str]] = frozenset()
    """Fields that stand in no log."""

    transaction: str = Field(pattern=TRANSACTION)
    """Of the asker's choice; the answer bears it too. A change needs one that was never used before."""
    at: Time | None = None
    """When it was asked; a change must say so, and must not be old."""

    @property
    def changes(self) -> bool:
        """Whether carrying it out changes anything on the box."""
        return False

    def payload(self) -> bytes:
        """The JSON that is sent: what was not said is not in it, as null may mean something else."""
        return self.model_dump_json(exclude_unset=True).encode()


class Change(Request):
    """A request that changes something."""

    @property
    def changes(self) -> bool:
        return True


class PingRequest(Request):
    """``ping``: whether anybody is there."""


class HealthRequest(Request):
    """``health``: how the box is, now."""


class RestartRequest(Change):
    """``restart``: begin anew."""

    part: Name
    """``daemon``, or a pipeline's name."""


class SetRequest(Change):
    """``set``: change a pipeline; one of the changes at least must be there."""

    pipeline: Name
    threshold: float | None = Field(None, ge=0, le=1)
    """Score in [0, 1] from which on an event is one."""
    enabled: bool | None = None
    """Whether the pipeline runs."""
    quiet_until: Time | None = None
    """Until then it says nothing; null: it is no longer quiet; left out (see ``model_fields_set``): as before."""

    @model_validator(mode="after")
    def _says_what(self) -> "SetRequest":
        if self.threshold is None and self.enabled is None and "quiet_until" not in self.model_fields_set:
            raise ValueError("threshold, enabled and quiet_until are missing: at least one of them must be there")
        return self


class ActionRequest(Request):
    """A request whose ``action`` says what else it needs."""

    ACTIONS: ClassVar[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {}
    """By action: the fields that it needs, and those that it may have beside them."""

    action: str

    @property
    def changes(self) -> bool:
        return self.action != "list"

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "ActionRequest":
        needed, optional = self.ACTIONS[self.action]
        said = {name for name in self.model_fields_set if getattr(self, name) is not None}
        said -= {"transaction", "at", "action"}
        if missing := sorted(needed - said):
            raise ValueError(f"{missing[0]}: is missing; {self.action} needs it")
        if needless := sorted(said - needed - optional):
            raise ValueError(f"{needless[0]}: is not for {self.action}; leave it out")
        return self


class ModelsRequest(ActionRequest):
    """``models``: which there are, and which a pipeline uses."""

    ACTIONS = MappingProxyType(
        {
            "list": (frozenset(), frozenset()),
            "use": (frozenset({"pipeline", "model"}), frozenset()),
            "roll_back": (frozenset({"pipeline"}), frozenset()),
        }
    )

    action: Literal["list", "use", "roll_back"]
    """``use`` needs ``pipeline`` and ``model``, ``roll_back`` (to the model before) ``pipeline``."""
    pipeline: Name | None = None
    model: Name | None = None


class PeopleRequest(ActionRequest):
    """``people``: whom the box knows."""

    PRIVATE = frozenset({"name"})
    ACTIONS = MappingProxyType(
        {
            "list": (frozenset(), frozenset()),
            "rename": (frozenset({"person", "name"}), frozenset()),
            "erase": (frozenset({"person"}), frozenset()),
            "enroll": (frozenset({"name", "camera"}), frozenset({"count"})),
        }
    )

    action: Literal["list", "rename", "erase", "enroll"]
    """``rename`` needs ``person`` and ``name``, ``erase`` ``person``, ``enroll`` ``name`` and ``camera``."""
    person: Ulid | None = None
    """Their id, as ``list`` and events have it."""
    name: str | None = Field(None, min_length=1, max_length=80)
    camera: Name | None = None
    """The source to look through."""
    count: int | None = Field(None, ge=1, le=20)
    """Pictures to take."""


class ClipRequest(Request):
    """``clip``: the evidence of an event, piece by piece."""

    event: Ulid
    file: FileName | None = None
    """One of its files; left out: which there are."""
    offset: int = Field(0, ge=0, le=2**40)
    """Bytes of the file to pass over."""


class FeedbackRequest(Change):
    """``feedback``: what a person says of an event."""

    event: Ulid
    verdict: Literal["false_alarm", "correct"]
    label: Label | None = None
    """What it was."""


class DiagnoseRequest(Request):
    """``diagnose``: look at every part of the box."""


REQUESTS: Mapping[str, type[Request]] = MappingProxyType(
    {
        "ping": PingRequest,
        "health": HealthRequest,
        "restart": RestartRequest,
        "set": SetRequest,
        "models": ModelsRequest,
        "people": PeopleRequest,
        "clip": ClipRequest,
        "feedback": FeedbackRequest,
        "diagnose": DiagnoseRequest,
    }
)
"""Every command."""


class ResponseMessage(Message):
    """``response/<command>``."""

    status: Literal["ok", "error"]
    data: dict[str, JsonValue] | None = None
    """What was asked for; null with an error."""
    error: str | None = None
    """What is wrong and what to do, ``<command>: …``; null where all is well."""
    transaction: str | None
    """The request's; null where it could not be read."""

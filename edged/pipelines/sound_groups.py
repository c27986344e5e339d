"""Groups of a model's labels that mean one kind of sound, and the numbers by which each becomes an event."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from edged.config import Section
from edged.stages.smooth_scores import SmoothingConfig


class SoundSmoothingConfig(Section):
    """When scores become an event, of every group that has no numbers of its own."""

    threshold: float = Field(0.4, ge=0, le=1)
    """A window with at least this score votes for its group."""
    votes: int = Field(2, ge=1, le=100)
    """So many votes within `vote_s` start an event."""
    vote_s: float = Field(1.5, gt=0, le=60)
    """How far back votes count."""
    sure: float = Field(0.8, ge=0, le=1)
    """A window with at least this score starts an event alone: what is short is not heard twice."""
    release: float = Field(0.5, ge=0, le=1)
    """A window with at least this share of the threshold keeps a running event on."""
    hold_s: float = Field(3.0, ge=0, le=3600)
    """An event ends when no window has kept it on for this long."""
    refractory_s: float = Field(1.0, ge=0, le=3600)
    """After an event's end, its group rests for this long."""
    update_s: float = Field(10.0, gt=0, le=3600)
    """A running event is updated this often."""


class GroupConfig(Section):
    """Labels that mean one kind of sound."""

    labels: tuple[str, ...] = Field(min_length=1)
    """The model's labels that it is known by; its score is the highest of theirs."""
    threshold: float | None = Field(None, ge=0, le=1)
    """In place of `smoothing.threshold`; null: that."""
    hold_s: float | None = Field(None, ge=0, le=3600)
    """In place of `smoothing.hold_s`; null: that."""


def _labels_alone(value: Any) -> Any:
    """``[Glass, Shatter]`` is short for ``{labels: [Glass, Shatter]}``."""
    return {"labels": value} if isinstance(value, list | tuple) else value


Group = Annotated[GroupConfig, BeforeValidator(_labels_alone)]

AUDIOSET_GROUPS: Mapping[str, tuple[str, ...]] = {
    "glass": ("Glass", "Shatter"),
    "alarm": ("Alarm", "Smoke detector, smoke alarm", "Fire alarm", "Car alarm", "Siren", "Civil defense siren"),
    "gunshot": ("Gunshot, gunfire", "Machine gun", "Fusillade"),
    "engine": ("Engine", "Motor vehicle (road)", "Chainsaw", "Lawn mower", "Motorcycle"),
    "aircraft": ("Aircraft", "Helicopter", "Fixed-wing aircraft, airplane"),
    "dog": ("Dog", "Bark"),
}
"""What somebody who is not there may want to know of, by AudioSet's labels."""


def default_groups() -> dict[str, Group]:
    """For models with AudioSet's labels."""
    return {name: GroupConfig(labels=labels) for name, labels in AUDIOSET_GROUPS.items()}


def smoothing_of(name: str, group: GroupConfig, common: SoundSmoothingConfig) -> SmoothingConfig:
    """The numbers of one group, whose windows have one score, that of ``name``."""
    threshold = common.threshold if group.threshold is None else group.threshold
    return SmoothingConfig(
        labels=(name,),
        threshold=threshold,
        sure=max(common.sure, threshold),
        sure_votes=common.votes,
        votes=common.votes,
        vote_s=common.vote_s,
        release=threshold * common.release,
        min_on_s=0.0,
        min_off_s=common.hold_s if group.hold_s is None else group.hold_s,
        refractory_s=common.refractory_s,
        update_s=common.update_s,
    )

"""Which commands are allowed, how often, and how old they may be."""

from typing import Literal

from pydantic import Field

from edged.config import Section
from edged.messages.requests import REQUESTS


class CommandsConfig(Section):
    """What may be asked over MQTT, by everyone whom the broker lets publish below `request/`: mind its ACL."""

    ping: bool = True
    """Answer that the box is there."""
    health: bool = True
    """Tell how the box is."""
    restart: bool = False
    """Restart edged or a pipeline."""
    set: bool = False
    """Change a pipeline's threshold, switch it on or off, keep it quiet for a time."""
    models: bool = False
    """List models, exchange a pipeline's model, and go back to the one before."""
    people: bool | Literal["list"] = False
    """list: tell the names of the people in the gallery; true: enrol, rename and erase them too."""
    clip: bool = False
    """Hand out the evidence of an event: sound and pictures leave the box."""
    feedback: bool = False
    """Keep what a person says of an event."""
    diagnose: bool = False
    """Look at every part of the box."""
    max_age_s: float = Field(60.0, ge=1, le=3600)
    """A request that changes something must have been asked within so long, before or ahead of the box's clock; it is
    carried out once."""
    per_minute: float = Field(30.0, gt=0, le=600)
    """Each command may be asked so often, on average."""
    burst: int = Field(10, ge=1, le=100)
    """Each command may be asked so often at once, after a rest."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The commands that may be asked, be it in part."""
        return tuple(command for command in REQUESTS if getattr(self, command))

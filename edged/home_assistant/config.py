"""Whether and where the box is announced to Home Assistant."""

from typing import Literal

from pydantic import Field

from edged.config import Section

TOPIC = r"^[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40})*$"


class HomeAssistantConfig(Section):
    """Home Assistant shows the box, its pipelines and how well it is; needs `mqtt`."""

    enabled: Literal["auto"] | bool = "auto"
    """`auto`: once the broker shows that Home Assistant uses it. `false` takes an earlier announcement back."""
    prefix: str = Field("homeassistant", pattern=TOPIC, max_length=120)
    """Where Home Assistant looks for announcements: its discovery prefix."""
    birth_topic: str | None = Field(None, pattern=TOPIC, max_length=120)
    """Where Home Assistant says `online` when it starts; null: `status` below the prefix."""

    @property
    def status_topic(self) -> str:
        """Where Home Assistant says that it is there."""
        return self.birth_topic or f"{self.prefix}/status"

    def topic(self, device: str) -> str:
        """Where ``device`` is announced."""
        return f"{self.prefix}/device/{device}/config"

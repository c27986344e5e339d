"""Clips: the evidence of an event, kept on the box: what was heard or seen from before its start to after its end."""

from edged.sinks.clips.clips import Clips
from edged.sinks.clips.config import ClipsConfig
from edged.sinks.clips.store import check

__all__ = ["Clips", "ClipsConfig", "check"]

"""Drawn: an event's clip as one picture, whatever it holds."""

from collections.abc import Sequence

from edged.annotation.outlines import Outline
from edged.cli.events.evidence import Evidence
from edged.cli.events.page import Image
from edged.cli.events.shots_picture import Shot, draw_shots, spread
from edged.cli.events.sound_picture import draw_sound
from edged.cli.events.whereabouts import whereabouts_of
from edged.errors import EdgedError
from edged.history.record import Record, evidence_of, unix_s
from edged.sinks.clips.clip import ClipFile, Description


def draw(record: Record, clip: Description, evidence: Evidence, title: str, outlines: Sequence[Outline] = ()) -> Image:
    """EdgedError where it cannot be read, or holds neither sound nor pictures.

    ``outlines``: the areas that its pipeline minds now.
    """
    lasted_s = None if record.ended_s is None or record.cut else record.ended_s - record.started_s
    if sound := next(iter(_of(clip, "audio/")), None):
        start_s = -_after_s(record, sound)
        return draw_sound(evidence.read(clip, sound.name), title, start_s, lasted_s)
    if pictures := _of(clip, "image/"):
        after_s = [_after_s(record, file) for file in pictures]
        where = whereabouts_of(evidence_of(record.start_evidence), record.message, outlines)
        places = spread(after_s, where.seen_s)
        shots = [Shot(after_s[place], evidence.read(clip, pictures[place].name)) for place in places]
        return draw_shots(shots, title, lasted_s, where)
    raise EdgedError(f"event {record.id}: its clip holds neither sound nor pictures")


def _of(clip: Description, media: str) -> list[ClipFile]:
    return [file for file in clip.files if file.media_type.startswith(media)]


def _after_s(record: Record, file: ClipFile) -> float:
    """From the event's start to the file's."""
    return unix_s(file.at) - record.started_s if file.at else 0.0

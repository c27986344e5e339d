"""What goes over the wire about how loud it is."""

from edged.messages.formats import Lasting, Name, Time
from edged.messages.wire import SCHEMA_VERSION, Message, Version


class LevelMessage(Message):
    """``level/<pipeline>``: how loud it was of late; every `level.interval_s`, now or never."""

    schema_version: Version = SCHEMA_VERSION
    pipeline: Name
    source: Name
    at: Time
    """The end of what was measured."""
    duration_s: Lasting
    """Of the sound that was measured; less than the interval where some was lost."""
    rms_dbfs: float
    """Of all of it, 0 for a sine that just fills the range (AES17); -160 and below: silence."""
    peak_dbfs: float
    """Of the loudest sample, 0 for full scale."""
    a_weighted_dbfs: float
    """As `rms_dbfs`, weighted as people hear (IEC 61672-1, A)."""
    a_weighted_db_spl: float | None
    """The same as sound pressure level, dB re 20 µPa (LAeq); null where the microphone is not calibrated."""
    third_octaves_dbfs: dict[str, float]
    """By nominal centre frequency in Hz (IEC 61260-1), each as `rms_dbfs`; empty where they are not asked for."""

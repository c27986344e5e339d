"""The errors that edged raises, sorted by what is to be done about them. Anything else is a bug."""


class EdgedError(Exception):
    """Something outside the program is wrong; the message names it, its value and the remedy."""

    exit_code = 1


class ConfigError(EdgedError):
    """A person mends it: the program must not be restarted before that (sysexits' EX_CONFIG)."""

    exit_code = 78


class ModelError(ConfigError):
    """A model, its card or its runtime cannot be used as it is."""


class DeviceLostError(EdgedError):
    """A device or stream went away or never came: reopen it later."""


class StaleError(EdgedError):
    """Work was left undone since nobody needs it any longer: something newer has come, or it is too late."""


class RecordingError(EdgedError):
    """A sound or video file cannot be read (any further)."""


class GalleryError(EdgedError):
    """The gallery of people cannot be used as it is, or refuses what was asked; it is as it was before."""


class GalleryKeyError(GalleryError, ConfigError):
    """The key of the gallery is not there, not the right one, or for others to read."""


def first_line(fault: BaseException) -> str:
    """What a person must know; a bug by its name."""
    return str(fault).partition("\n")[0] if isinstance(fault, EdgedError) else repr(fault)

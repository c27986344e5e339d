"""CommandError: a command is not carried out."""

from edged.errors import EdgedError


class CommandError(EdgedError):
    """A request was refused, or cannot be carried out; the asker is told these words."""

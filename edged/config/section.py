"""Section: what every part of the configuration is, and the types that several parts use."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

SLUG = r"[a-z0-9_-]{1,40}"


class Section(BaseModel):
    """One part of the configuration: immutable, and a key it does not know is a fault."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True, allow_inf_nan=False
    )


Slug = Annotated[str, StringConstraints(pattern=f"^{SLUG}$")]
"""A name that may stand in an MQTT topic."""


def _expand_credentials(path: Path) -> Path:
    """``${CREDENTIALS_DIRECTORY}/x``: where systemd puts a service's secrets."""
    if "${CREDENTIALS_DIRECTORY}" not in str(path):
        return path
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise ValueError("CREDENTIALS_DIRECTORY is not set: it is only there under systemd, with LoadCredential=")
    return Path(str(path).replace("${CREDENTIALS_DIRECTORY}", directory))


SecretFile = Annotated[Path, AfterValidator(_expand_credentials)]
"""A file that holds one secret; its content never stands in the configuration, a log or a message."""

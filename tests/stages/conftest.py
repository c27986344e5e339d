"""What tests of several stages share."""

from tests.faces import face_models

__all__ = ["face_models"]

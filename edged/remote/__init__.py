"""What the box does when it is asked over MQTT. Who may ask what has been looked at before, by commands' desk."""

from edged.remote.remote import Remote

__all__ = ["Remote"]

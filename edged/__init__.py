"""edged: a sensor box its operator trusts."""

from importlib.metadata import version

__version__ = version("edged")

"""From what an object detector gives to boxes, classes and scores, as its card says."""

from edged.object_decoders.facts import UNUSED, ObjectFacts, check_labels, read_facts
from edged.object_decoders.layouts import Found, NmsLayout, TfSsdLayout, UltraSsdLayout
from edged.object_decoders.looks import merge

__all__ = [
    "UNUSED",
    "Found",
    "NmsLayout",
    "ObjectFacts",
    "TfSsdLayout",
    "UltraSsdLayout",
    "check_labels",
    "merge",
    "read_facts",
]

"""Kinds: the pipelines that there are, by what ``pipelines.<name>.kind`` says. A new kind is a file and a line here."""

from collections.abc import Mapping

from edged.pipelines import drones, faces, objects, sounds
from edged.pipelines.kind import Kind

KINDS: Mapping[str, Kind] = {
    "drones": drones.KIND,
    "faces": faces.KIND,
    "objects": objects.KIND,
    "sounds": sounds.KIND,
}

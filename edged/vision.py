"""Geometry of pictures that several stages need: boxes, crops, points."""

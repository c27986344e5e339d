"""Support: what a maintainer needs to know of a box, without its secrets and without its people."""

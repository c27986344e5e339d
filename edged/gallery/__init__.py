"""The gallery: the people whom the box was taught, encrypted at rest."""

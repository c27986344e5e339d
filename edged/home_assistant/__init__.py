"""What Home Assistant is told of a box, so that it shows it with no YAML of its own."""

"""Annotation: films that are looked at, and what pipelines said of them drawn into their pictures."""

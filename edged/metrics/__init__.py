"""Metrics: the box's health as numbers, for whoever collects them. prometheus_client is imported here alone, late."""

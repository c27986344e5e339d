"""Enrolment: teaches the box who somebody is, from pictures or in front of a camera."""

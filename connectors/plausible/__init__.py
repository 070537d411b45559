"""Plausible's Stats API v2."""

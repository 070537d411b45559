"""Bluesky's public AppView."""

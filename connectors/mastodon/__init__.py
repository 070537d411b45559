"""Mastodon's public API."""

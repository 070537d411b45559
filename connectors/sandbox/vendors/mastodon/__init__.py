"""Mastodon's API."""

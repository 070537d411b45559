"""Matomo's Reporting API."""

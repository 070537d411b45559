"""Brevo: newsletters and subscribers of one account."""

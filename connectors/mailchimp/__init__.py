"""Mailchimp: newsletters and subscribers of one account."""

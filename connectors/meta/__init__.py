"""Meta's Graph API: Facebook pages and Instagram accounts."""

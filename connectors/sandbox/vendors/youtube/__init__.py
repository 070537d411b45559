"""YouTube's Data and Analytics APIs."""

"""YouTube's Data API, and its Analytics API where credentials are given."""

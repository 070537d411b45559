"""The GA4 Data API."""

"""Google Analytics 4 over the Data API."""

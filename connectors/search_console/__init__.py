"""Google Search Console's search analytics."""

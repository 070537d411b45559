"""Search Console's search analytics."""

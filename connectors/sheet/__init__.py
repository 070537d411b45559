"""Google Sheets: a client's own figures, by a published link or a service account."""

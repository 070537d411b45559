"""Numbers, dates, notes and months in the reader's language. Knows no key result and decides nothing."""

"""A client's report to those it is for: what is due, what it says, and the record of what went out."""

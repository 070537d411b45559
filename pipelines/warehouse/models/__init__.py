"""The SQL project: rendered, ordered, built in one transaction, documented."""

"""Figures from a database of the client's, over SQLAlchemy."""

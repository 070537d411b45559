"""A client's file: read with its lines, checked whole, and turned into frozen values. Knows no figure."""

"""The database that analysts open: what it holds, and how it is swapped in."""

"""Threads: posts, followers and interactions of one profile."""

"""Clients spread over shards, each a DuckDB database of its own in a store that many machines see."""

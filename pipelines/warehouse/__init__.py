"""The warehouse, free of dagster: home folder, clock, DuckDB, ledger, what to read next, ingest, publishing."""

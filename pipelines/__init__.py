"""The pipeline: Dagster in one file a concept, and beside it, free of dagster, the warehouse, the exports and the CLI."""

"""The pipeline: Dagster in one file a concept; beside it, free of dagster, the warehouse, the exports and the CLI."""

"""CSVs, the report and the status table, made from the published tables only. Free of dagster."""

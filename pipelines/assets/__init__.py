"""The assets, one module a layer, in the order data flows: ingest, models, okr, publish."""

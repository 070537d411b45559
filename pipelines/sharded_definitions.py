"""The code location of a home in shards: ``dagster dev -m pipelines.sharded_definitions``."""

from pipelines.sharded import build_sharded_defs

defs = build_sharded_defs()

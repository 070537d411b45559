"""Names by which assets are known in Dagster, and whose they are.

What belongs here: keys alone, so that assets and checks can name each other without importing each other. What does
not: any asset.
"""

from __future__ import annotations

import dagster as dg

from pipelines.warehouse.models.project import Model

OWNERS = ["team:data"]
LAUNCHED_BY, CLIENTS, SOURCES_FAILED = "okr/launched_by", "okr/clients", "okr/sources_failed"
"""Tags of a run: who began it, for which clients it is, and how many sources it could not read."""
PART_OF, PART_OF_VARIABLE = "okr/part_of", "OKR_PART_OF"
"""Tag of a night that a run of another job began: that run. The variable tells it to ``okr run``."""


def ops_key(table: str) -> dg.AssetKey:
    """Asset key of a table of the schema ``ops``: the ledger and what is kept with it."""
    return dg.AssetKey(["ops", table])


LEDGER_KEY = ops_key("loads")


def raw_key(table: str) -> dg.AssetKey:
    """Asset key of a raw table."""
    return dg.AssetKey(["raw", table])


def config_key(table: str) -> dg.AssetKey:
    """Asset key of a table of the schema ``config``."""
    return dg.AssetKey(["config", table])


def source_key(schema: str, table: str) -> dg.AssetKey:
    """Asset key of a table that SQL models read and do not make: of ``raw``, ``config`` or ``ops``."""
    return dg.AssetKey([schema, table])


def source_dep(schema: str, table: str) -> dg.AssetDep:
    """What a step depends on that reads such a table: of a raw one, whose partitions are nights, the last night.

    Left unsaid, Dagster takes it for all of them, and lists every night since the first at each table.
    """
    mapping = dg.LastPartitionMapping() if schema == "raw" else None
    return dg.AssetDep(source_key(schema, table), partition_mapping=mapping)


def model_key(model: Model) -> dg.AssetKey:
    """Asset key of a SQL model: its layer and name."""
    return dg.AssetKey([model.layer, model.name])


def okr_key(table: str) -> dg.AssetKey:
    """Asset key of a result table."""
    return dg.AssetKey(["okr", table])

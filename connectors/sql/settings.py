"""A database in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no driver.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from okr_models.client.fields import Text, refuse
from okr_models.client.sources import Frozen, SecretRef, SourceFacts, SourceSettings

_NAME = re.compile(r"[^\W\d]\w{0,62}(\.[^\W\d]\w{0,62}){0,2}")


def _read_name(value: Any) -> Any:
    if isinstance(value, str) and not _NAME.fullmatch(value):
        raise refuse("must be a plain name, like orders or shop.orders; for anything else write a query")
    return value


Name = Annotated[Text, BeforeValidator(_read_name)]


class Columns(Frozen):
    """Which column of ``table`` holds what. ``kpi``: a column too, of the ids of KPIs."""

    date: Name | None = None
    month: Name | None = None
    kpi: Name = "kpi"
    value: Name = "value"
    scope: Name | None = None

    @model_validator(mode="after")
    def _one_of_date_and_month(self) -> Columns:
        if (self.date is None) == (self.month is None):
            raise refuse("needs exactly one of date and month, the column that says when")
        return self


class Sql(SourceSettings):
    """A database that SQLAlchemy reaches, and one read of it."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="SQL database",
        label="SQL",
        category="own",
        example=(
            "{id: shop, type: sql, url: {env: ACME_SHOP_DATABASE}, "
            "query: \"select day as date, 'orders' as kpi, count(*) as value from orders group by 1, 2\"}"
        ),
        note=(
            "The address is a secret as a whole: `postgresql+psycopg://reader:PASSWORD@host/db`, "
            "`mysql+pymysql://…`, `mariadb+pymysql://…`, or `sqlite:///data/shop.db` inside the home folder."
        ),
        steps=(
            "Ask for a login of its own that may only `select` from what is read: read-only transactions are a seat "
            "belt, not a lock.",
            "Install the driver: `pip install 'marketing-okr[postgres]'` or `'marketing-okr[mysql]'`. SQL Server, "
            "BigQuery and Snowflake have SQLAlchemy dialects of their own, which are not tested here.",
            "The query gives `date` (or `month`, its first day or `2026-03`), `kpi`, `value` and perhaps `scope`, a "
            "row a day or month, grouped by the database.",
            "Connections leave this machine encrypted; `sslmode=verify-full` (PostgreSQL) or `ssl_ca=` (MySQL) in "
            "the address also checks who answers.",
        ),
        where_to_click="the database: a login that may only select from what the query reads",
    )

    type: Literal["sql"] = "sql"
    url: Annotated[SecretRef, Field(examples=["url: {env: SHOP_DATABASE}"])]
    query: Text | None = None
    table: Name | None = None
    columns: Columns | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    """Longest that the database may work on the read."""

    @model_validator(mode="after")
    def _query_or_table(self) -> Sql:
        if (self.query is None) == (self.table is None):
            raise refuse("needs either a query, or a table with its columns")
        if (self.table is None) != (self.columns is None):
            raise refuse("table and columns go together: columns: {date: day, kpi: kpi, value: amount}")
        return self

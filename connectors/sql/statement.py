"""The one statement that a source may send: a read, proved from its own text before anything is sent.

What belongs here: text to a statement that only reads, or the reason why it is refused. What does not: sending it
(``source.py``). The proof is a parse in the database's own dialect: exactly one statement, a query at its root, and
nothing in it that writes, locks or defines. What can't be parsed is refused; a view in the database can hold it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from connectors.sql.settings import Columns

if TYPE_CHECKING:
    from sqlglot import exp

_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "mssql": "tsql"}
_EXECUTED_COMMENT = re.compile(r"/\*M?!")
"""MySQL and MariaDB run what stands in such a comment; every parser takes it for one."""
_QUIET = logging.getLogger("sqlglot")


class NotARead(ValueError):
    """A text that is not one read-only statement; says why and what would be right."""


def checked(query: str, *, backend: str) -> str:
    """``query`` as it may be sent to a ``backend`` (SQLAlchemy's name), without a closing semicolon.

    >>> checked("select 1 as a;", backend="postgresql")
    'select 1 as a'
    >>> checked("select 1; delete from orders", backend="postgresql")
    Traceback (most recent call last):
    ...
    connectors.sql.statement.NotARead: it holds 2 statements; write one select

    Raises ``NotARead``.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if _EXECUTED_COMMENT.search(query):
        raise NotARead("it holds a comment that MySQL executes (/*! … */); leave it out")
    if "\0" in query:
        raise NotARead("it holds a null character; leave it out")
    _QUIET.setLevel(logging.ERROR)  # it logs what it can't parse, and that is refused here with words of our own
    try:
        found = [each for each in sqlglot.parse(query, dialect=_DIALECTS.get(backend, backend)) if each is not None]
    except (SqlglotError, ValueError, RecursionError) as error:
        where = str(error).splitlines()[0][:200]
        raise NotARead(
            f"it can't be read as one statement ({where}); make a view of it in the database and select from that"
        ) from None
    if len(found) != 1:
        raise NotARead(f"it holds {len(found)} statements; write one select" if found else "it is empty")
    root = found[0]
    if not isinstance(root, exp.Query):
        raise NotARead(f"it is no query but a {root.key}; write one select")
    for wrong in _wrong(root):
        raise NotARead(f"it holds a {wrong}; only reading is allowed")
    return query.strip().rstrip(";").rstrip() if query.strip().endswith(";") else query.strip()


@cache
def _writes() -> tuple[type[exp.Expr], ...]:
    from sqlglot import exp

    return (
        exp.Insert,
        exp.Update,
        exp.Delete,
        exp.Merge,
        exp.Create,
        exp.Drop,
        exp.Alter,
        exp.TruncateTable,
        exp.Command,
        exp.Set,
        exp.Use,
        exp.Transaction,
        exp.Commit,
        exp.Rollback,
        exp.Into,
        exp.Lock,
        exp.Copy,
        exp.Grant,
    )


def _wrong(root: exp.Query) -> Iterator[str]:
    for node in root.walk():
        if isinstance(node, _writes()):
            yield node.key


def select(table: str, columns: Columns, *, backend: str) -> str:
    """The statement for a table with named columns, each name quoted as the database quotes names."""
    from sqlglot import exp

    dialect = _DIALECTS.get(backend, backend)
    named = {
        "date": columns.date,
        "month": columns.month,
        "kpi": columns.kpi,
        "value": columns.value,
        "scope": columns.scope,
    }
    picked = [
        exp.alias_(exp.column(name, quoted=True), alias, quoted=True)
        for alias, name in named.items()
        if name is not None
    ]
    parts = [exp.to_identifier(part, quoted=True) for part in table.split(".")]
    target = exp.Table(
        this=parts[-1],
        db=parts[-2] if len(parts) > 1 else None,
        catalog=parts[-3] if len(parts) > 2 else None,
    )
    return exp.select(*picked).from_(target).sql(dialect=dialect)

"""Answers of slow, pure computations, kept by the fingerprint of what they were computed from.

What belongs here: a table of fingerprint and answer, in a schema of its own that is never published. What does not:
what a fingerprint covers (``okr_models/forecast/jobs.py``, ``models/lineage.py``) and what an answer says. Dropping the
table loses time only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pipelines.warehouse.db import Connection, transaction

Kind = Literal["forecast", "initiative", "lineage"]


def recall(con: Connection, kind: Kind, fingerprints: Sequence[str]) -> dict[str, str]:
    """The answers there are, by fingerprint."""
    _ensure(con)
    rows = con.execute(
        "select fingerprint, answer from cache.answers where kind = ? and list_contains(?, fingerprint)",
        [kind, list(fingerprints)],
    ).fetchall()
    return dict(rows)


def keep(con: Connection, kind: Kind, answers: Mapping[str, str]) -> None:
    """Keep ``answers``; one that is already kept stays as it is."""
    _ensure(con)
    with transaction(con):
        con.executemany(
            "insert into cache.answers (kind, fingerprint, answer) values (?, ?, ?) on conflict do nothing",
            [[kind, fingerprint, answer] for fingerprint, answer in sorted(answers.items())],
        )


def _ensure(con: Connection) -> None:
    con.execute("create schema if not exists cache")
    con.execute(
        "create table if not exists cache.answers"
        " (kind varchar not null, fingerprint varchar not null, answer varchar not null,"
        " primary key (kind, fingerprint))"
    )

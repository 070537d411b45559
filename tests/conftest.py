"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["tests.bucket_fixture"]

# before any import of dagster or great_expectations: no test run is reported to anybody
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

# no test asserts a time: a busy machine is no reason to fail
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

"""Csv file in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, once. What does not: reading (``source.py``). Loads no vendor's library.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from okr_models.client.fields import HomePath, check_address, refuse
from okr_models.client.sources import (
    EnvRef,
    FileRef,
    SecretRef,
    SourceFacts,
    SourceSettings,
    read_secret,
)
from okr_models.hosts import goes_in_clear


def _read_url(value: Any) -> Any:
    """An address, or the secret that holds one: what is in it is not quoted."""
    if value is None:
        return value
    if isinstance(value, dict | EnvRef | FileRef):
        return read_secret(value)
    address = check_address(str(value).strip(), query_allowed=True)
    if goes_in_clear(address):
        raise refuse("must be https: what it carries could be read and changed on its way")
    return address


class Csv(SourceSettings):
    """A CSV file of the home folder."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="csv file",
        label="csv",
        category="own",
        example="{id: crm, type: csv, path: data/acme.csv}",
        note=(
            "No credentials. In place of `path` may stand `url`, the file's https address, as `{env: NAME}` where it "
            "is a secret. Columns `date` (`2026-03-31`) or `month` (`2026-03`), `kpi`, `value`, "
            "perhaps `scope`, `numerator` and `denominator`; with commas, semicolons or tabs, in "
            "UTF-8. An empty value is missing. Files lie below `data/`, or a folder that "
            "`csv_roots: [NAME]` in `okr.yaml` of the home folder names."
        ),
    )

    type: Literal["csv"] = "csv"
    path: HomePath | None = None
    url: Annotated[SecretRef | str | None, BeforeValidator(_read_url), Field(examples=["url: {env: FIGURES_URL}"])] = (
        None
    )

    @model_validator(mode="after")
    def _path_or_url(self) -> Csv:
        if (self.path is None) == (self.url is None):
            raise refuse("needs either path, a file below data/, or url, the address of one", "path")
        return self

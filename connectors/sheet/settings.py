"""Google Sheets in a client file: settings, and what is known of it before anything is read.

What belongs here: the source type's facts, and how a spreadsheet is named. What does not: reading (``source.py``).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from connectors.google.facts import MENDED_AT, key_step
from okr_models.client.fields import Text, refuse
from okr_models.client.identity import Parts, parts_of
from okr_models.client.sources import EnvRef, FileRef, SecretRef, SourceFacts, SourceSettings, read_secret

_ID = re.compile(r"[A-Za-z0-9_-]{10,120}", re.ASCII)
_LINK = re.compile(
    r"https://[^/\s@]+/spreadsheets/(?:u/\d+/)?d/(?P<published>e/)?(?P<id>[A-Za-z0-9_-]{10,200})(?P<rest>\S*)"
)
_GID = re.compile(r"[?&#]gid=(\d+)")


def _read_spreadsheet(value: Any) -> Any:
    if isinstance(value, EnvRef | FileRef | dict):
        return read_secret(value)
    text = str(value).strip()
    if _ID.fullmatch(text) or _LINK.fullmatch(text):
        return text
    raise refuse("must be the spreadsheet's link, or the long id between /d/ and /edit in it")


class Sheet(SourceSettings):
    """One tab of a spreadsheet."""

    facts: ClassVar[SourceFacts] = SourceFacts(
        title="Google Sheets",
        label="Google Sheets",
        category="own",
        example=(
            '{id: figures, type: sheet, spreadsheet: "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOp/edit#gid=0",'
            " tab: Figures, credentials: {env: ACME_GOOGLE_KEY}}"
        ),
        note=(
            "Columns as in a csv file. With `credentials` numbers and dates are read as the sheet holds them; without,"
            " by the link, as they are shown. Who has the link can read: the link may be a secret, {env: NAME}."
        ),
        steps=(
            key_step("Google Sheets API"),
            "Share the spreadsheet with the service account's address, as Viewer. Or, without credentials: Share,"
            " Anyone with the link, Viewer; or File, Share, Publish to web, the tab, as comma-separated values.",
            "Without credentials the tab is the one whose `gid=` the link ends in.",
        ),
        where_to_click=f"docs.google.com: the spreadsheet, Share; the key: {MENDED_AT}",
    )

    type: Literal["sheet"] = "sheet"
    spreadsheet: Annotated[
        SecretRef | str,
        BeforeValidator(_read_spreadsheet),
        Field(examples=['spreadsheet: "https://docs.google.com/…"']),
    ]
    tab: Text | None = None
    credentials: SecretRef | None = None

    @model_validator(mode="after")
    def _a_link_names_its_tab(self) -> Sheet:
        link = self.spreadsheet if isinstance(self.spreadsheet, str) else None
        if self.credentials is None and self.tab and link is not None:
            found = _LINK.fullmatch(link)
            if not self.tab.isdigit() and not _GID.search(link) and not (found and found["published"]):
                cure = "open the tab and copy the link with its gid=..."
                raise refuse(f"can be named only with credentials; without, {cure}", "tab")
        return self

    def named(self) -> Parts:
        """The spreadsheet, where the file itself names it."""
        if not isinstance(self.spreadsheet, str):
            return parts_of()
        return parts_of(spreadsheet=spreadsheet_id(self.spreadsheet))


def spreadsheet_id(written: str) -> str:
    """The id in a link, or the id itself."""
    found = _LINK.fullmatch(written)
    return found["id"] if found else written


def gid_of(written: str, tab: str | None) -> str | None:
    """The tab's number: of ``tab`` where it is one, else of the link."""
    if tab and tab.isdigit():
        return tab
    found = _GID.search(written)
    return found.group(1) if found else None


def export_path(written: str, tab: str | None) -> str:
    """Path and query under which the tab is given as csv without credentials."""
    found, gid = _LINK.fullmatch(written), gid_of(written, tab)
    if found and found["published"]:
        chosen = f"gid={gid}&single=true&" if gid else ""
        return f"/spreadsheets/d/e/{found['id']}/pub?{chosen}output=csv"
    chosen = f"&gid={gid}" if gid else ""
    return f"/spreadsheets/d/{spreadsheet_id(written)}/export?format=csv{chosen}"

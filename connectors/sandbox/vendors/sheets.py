"""Google Sheets: one spreadsheet with one tab of figures, by a link as csv and by the API v4.

What belongs here: both ways of reading it, and Google's errors. What does not: tokens (``google_accounts.py``). As in
Google: a link that is not shared leads to a page to sign in at, with 200; empty cells at a row's end are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starlette.responses import HTMLResponse, Response

from connectors.sandbox.call import Call, Endpoint, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, Status
from connectors.sandbox.vendors.google.errors import GoogleError, authorised, common_fault
from connectors.sandbox.world import Brand

SPREADSHEET, TAB = "1SandboxFjallglasFigures", "Mätetal"
SCOPES = ("https://www.googleapis.com/auth/spreadsheets.readonly", "https://www.googleapis.com/auth/spreadsheets")
AUDIENCE = "https://sheets.googleapis.com/"
ROWS = ((date(2026, 11, 1), "nps", 41.0), (date(2026, 11, 8), "nps", 43.5))
DAY_ZERO = date(1899, 12, 30)
SIGN_IN = "<!DOCTYPE html><html><head><title>Google Sheets: Sign-in</title></head><body>Sign in</body></html>"
_THROTTLED = dict.fromkeys(
    ("concurrent", "hour", "day"),
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user'",
)


def export(call: Call) -> Response:
    """``GET /spreadsheets/d/{id}/export?format=csv``, cells as they are shown."""
    if call.path("spreadsheet") != SPREADSHEET:
        return HTMLResponse(SIGN_IN)
    lines = ["date,kpi,value", *(f'{day},{kpi},"{str(value).replace(".", ",")}"' for day, kpi, value in ROWS)]
    return Response("\r\n".join(lines).encode(), media_type="text/csv")


def about(call: Call) -> Response:
    """``GET /v4/spreadsheets/{id}``."""
    _allowed(call)
    tabs = [{"properties": {"sheetId": 0, "title": TAB}}]
    return json_reply({"properties": {"timeZone": "Europe/Stockholm", "locale": "sv_SE"}, "sheets": tabs})


def values(call: Call) -> Response:
    """``GET /v4/spreadsheets/{id}/values:batchGet``, dates as days since 1899-12-30."""
    _allowed(call)
    asked = call.request.query_params.get("ranges", "")
    if not asked.startswith(f"'{TAB}'!"):
        raise GoogleError(400, f"Unable to parse range: {asked}")
    rows = [["date", "kpi", "value"], *([(day - DAY_ZERO).days, kpi, value] for day, kpi, value in ROWS)]
    found = {"range": f"'{TAB}'!A1:Z1000", "majorDimension": "ROWS", "values": rows}
    return json_reply({"spreadsheetId": SPREADSHEET, "valueRanges": [found]})


def _allowed(call: Call) -> None:
    authorised(call, scopes=SCOPES, audience=AUDIENCE)
    if call.path("spreadsheet") != SPREADSHEET:
        raise GoogleError(404, "Requested entity was not found.")


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except GoogleError as error:
            return error.response()

    return answer


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Google's shape; by a link, who may not read is asked to sign in."""
    if call.request.url.path.endswith("/export") and isinstance(fault, AuthReject):
        return HTMLResponse(SIGN_IN)
    if isinstance(fault, Status) and fault.code == 403:
        return GoogleError(403, "The caller does not have permission").response()
    return common_fault(fault, throttled=_THROTTLED)


def brand_of(call: Call) -> Brand | None:
    """The brand whose spreadsheet the path names."""
    return call.world.brand_of("sheet", call.path("spreadsheet"))


VENDOR = Vendor(
    name="sheet",
    endpoints=(
        Endpoint(methods=("GET",), path="/spreadsheets/d/{spreadsheet}/export", handler=export),
        Endpoint(methods=("GET",), path="/v4/spreadsheets/{spreadsheet}", handler=_worded(about)),
        Endpoint(methods=("GET",), path="/v4/spreadsheets/{spreadsheet}/values:batchGet", handler=_worded(values)),
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)

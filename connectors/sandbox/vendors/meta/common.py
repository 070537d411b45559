"""What Meta's Graph API answers share: the error shape, fields, cursors, windows of insights.

Windows and cursors are as recorded from the live API in September 2026; a start more than 729 Pacific days back is
refused. Cursors name a post, so a list that grows while it is paged shifts nothing. What belongs here: what Pages and
Instagram share. What does not: their objects and metrics.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from connectors.sandbox.call import Call, Json, json_reply
from connectors.sandbox.faults import DuplicateRow
from connectors.sandbox.world.social import SocialPost
from connectors.sandbox.world.streams import token

PACIFIC = ZoneInfo("America/Los_Angeles")
KEPT_DAYS = 729
COUNTED_AFTER = timedelta(hours=12)
"""A day's insights are there so long after it ended; they are restated for two more days."""
MOST_IN_PAGE, USUAL_PAGE = 100, 25
_FIELD = re.compile(r"([a-z_]+)((?:\.[a-z_]+\([^()]*\))*)(?:,|$)")
_MODIFIER = re.compile(r"\.([a-z_]+)\(([^()]*)\)")

Fields = Mapping[str, Mapping[str, str]]
"""Each field asked for, with its modifiers: ``limit(0)``, ``summary(true)``."""


class MetaError(Exception):
    """An answer other than success; becomes Graph's error body."""

    def __init__(
        self, code: int, message: str, *, subcode: int | None = None, status: int = 400, kind: str = "OAuthException",
        is_transient: bool | None = None, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.code, self.subcode, self.status = code, subcode, status
        self.headers = dict(headers or {})
        self.body: Json = {"message": message, "type": kind, "code": code}
        if subcode is not None:
            self.body["error_subcode"] = subcode
        if is_transient is not None:
            self.body["is_transient"] = is_transient
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        trace = f"A{token(self.code, 'fbtrace', str(self.body['message']), length=22)}"
        return json_reply({"error": {**self.body, "fbtrace_id": trace}}, status=self.status, headers=self.headers)


def bad_parameter(message: str) -> MetaError:
    """400, code 100."""
    return MetaError(100, f"(#100) {message}")


def not_there(node: str) -> MetaError:
    """An object that does not exist, or that this token may not see: Graph does not say which."""
    return MetaError(
        100,
        f"Unsupported get request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions,"
        " or does not support this operation. Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api",
        subcode=33,
        kind="GraphMethodException",
    )


def fields_of(call: Call, *, usual: Sequence[str], known: Iterable[str], node_type: str) -> Fields:
    """The ``fields`` parameter; a field that the object does not have is refused by name."""
    text = call.request.query_params.get("fields", ",".join(usual)).replace(" ", "")
    found: dict[str, dict[str, str]] = {}
    end = 0
    for part in _FIELD.finditer(text):
        if part.start() != end:
            break
        found[part.group(1)] = dict(_MODIFIER.findall(part.group(2)))
        end = part.end()
    if end != len(text) or not found:
        raise MetaError(2500, f'Syntax error "Expected end of string" at character {end}: {text}')
    removed = call.faults.removed()
    allowed = set(known) - removed
    for name in found:
        if name not in allowed:
            raise bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")
    return {"id": {}, **found}


def stamp(instant: datetime) -> str:
    """An instant as Graph writes it: ``+0000``, without a colon."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def page_size(call: Call) -> int:
    """The ``limit`` parameter; more than a hundred is taken for a hundred. ``page_size`` is ignored, as by Graph."""
    given = call.request.query_params.get("limit", str(USUAL_PAGE))
    if not given.isdigit() or int(given) < 1:
        raise bad_parameter("Param limit must be a positive integer")
    return min(int(given), MOST_IN_PAGE)


def _cursor(post: SocialPost) -> str:
    return base64.urlsafe_b64encode(f"{int(post.published_at.timestamp())}:{post.number}".encode()).decode()


def _position(call: Call, posts: Sequence[SocialPost]) -> int:
    after = call.request.query_params.get("after")
    if after is None:
        return 0
    try:
        number = int(base64.urlsafe_b64decode(after).decode().partition(":")[2])
    except (ValueError, binascii.Error) as error:
        raise bad_parameter("Invalid cursors values") from error
    return next((index + 1 for index, post in enumerate(posts) if post.number == number), len(posts))


def listed(call: Call, platform: str, entry: Callable[[SocialPost], Json]) -> Response:
    """One page of an account's posts, newest first, by cursor.

    Pages are cut before what is not visible (a deleted post) is left out, so that a page may be short or empty and
    still have a ``next``; a page that was full has one even where nothing follows.
    """
    assert call.brand is not None  # noqa: S101 - checked before any handler runs
    now = call.world.now
    log = call.world.social(call.brand.slug, platform)
    posts = [post for post in reversed(log.posts) if post.published_at <= now]
    limit, start = page_size(call), _position(call, posts)
    chosen = posts[start : start + limit]
    first = start - 1 if start and call.faults.has(DuplicateRow) else start
    visible = [post for post in posts[first : start + limit] if post.is_live(now)]
    reply: Json = {"data": [entry(post) for post in visible]}
    if chosen:
        cursors = {"before": _cursor(chosen[0]), "after": _cursor(chosen[-1])}
        reply["paging"] = {"cursors": cursors}
        if len(chosen) == limit:
            reply["paging"]["next"] = address(call, after=cursors["after"])
    return json_reply(reply)


def address(call: Call, **changed: str | int) -> str:
    """This call's own address with other parameters, the token in it, as Graph repeats it."""
    given = {name: value for name, value in call.request.query_params.items() if name != "appsecret_proof"}
    query = {**given, "access_token": call.bearer or given.get("access_token", ""), **changed}
    return f"{str(call.request.base_url).rstrip('/')}{call.request.url.path}?{urlencode(query)}"


def midnight(day: date) -> int:
    """Unix time at which a Pacific day begins."""
    return int(datetime.combine(day, time(0), PACIFIC).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A window of insights: unix times, and the Pacific days that end in it and are counted by now."""

    since: int
    until: int
    days: tuple[date, ...]


def asked(call: Call, *, most_days: int) -> Asked:
    """``since`` and ``until``, else the two days up to today; raises Graph's 400 for a window that it refuses."""
    today = call.world.now.astimezone(PACIFIC).date()
    until = _moment(call, "until", midnight(today))
    since = _moment(call, "since", until - 2 * 86_400)
    if until <= since:
        raise bad_parameter("until param must be after since param")
    if until - since > most_days * 86_400 + 3600:
        raise bad_parameter(
            f"There cannot be more than {most_days} days ({most_days * 86_400} s) between since and until"
        )
    if since < midnight(today - timedelta(days=KEPT_DAYS)):
        raise bad_parameter("since param is not valid. Metrics data is available for the last 2 years")
    day = datetime.fromtimestamp(since, PACIFIC).date()
    days = []
    while midnight(day + timedelta(days=1)) <= until:
        end = midnight(day + timedelta(days=1))
        if end > since and end + COUNTED_AFTER.total_seconds() <= call.world.now.timestamp():
            days.append(day)
        day += timedelta(days=1)
    return Asked(since=since, until=until, days=tuple(d for d in days if d not in call.faults.empty_days()))


def _moment(call: Call, name: str, usual: int) -> int:
    given = call.request.query_params.get(name)
    if given is None:
        return usual
    if given.isdigit():
        return int(given)
    try:
        return midnight(date.fromisoformat(given))
    except ValueError as error:
        raise bad_parameter(f"Param {name} must be a UNIX timestamp or a date") from error


def metrics_of(call: Call) -> list[str]:
    """The ``metric`` parameter."""
    return [name for name in call.request.query_params.get("metric", "").split(",") if name]


def endless(call: Call, window: Asked) -> Json:
    """``paging`` of insights: the windows before and after, always, also where nothing can be in them."""
    span = window.until - window.since
    return {
        "previous": address(call, since=window.since - span, until=window.since),
        "next": address(call, since=window.until, until=window.until + span),
    }

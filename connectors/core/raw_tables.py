"""The raw tables that connectors fill, one a kind of data, shared by all sources of that kind.

Every table also has ``client`` and ``source`` (VARCHAR, first columns and first in every key), which the writer adds;
connectors deliver the columns below. Loads no library, so that a command may ask what a source is without reading it.
What belongs here: names, types, keys, meaning. What does not: any SQL or I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa


Type = Literal["VARCHAR", "DATE", "TIMESTAMPTZ", "BIGINT", "DOUBLE", "BOOLEAN", "BLOB"]


@cache
def arrow_types() -> dict[Type, pa.DataType]:
    """Each type as Arrow has it."""
    import pyarrow as pa

    return {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "BLOB": pa.binary(),
    }


@dataclass(frozen=True, slots=True)
class Column:
    """One column: DuckDB type and meaning, with its unit."""

    name: str
    type: Type
    meaning: str
    nullable: bool = False
    never_below_zero: bool = False
    """A count of something: what a vendor says below zero is no figure, and not to reach any sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One raw table. ``time_column`` says which rows a window replaces; None for a list: all rows of the source."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time_column: str | None
    append_only: bool = False

    def arrow_schema(self) -> pa.Schema:
        """Columns as a connector delivers them, without client and source."""
        import pyarrow as pa

        types = arrow_types()
        return pa.schema([pa.field(c.name, types[c.type], c.nullable) for c in self.columns])


def _table(
    name: str, meaning: str, key: tuple[str, ...], time_column: str | None, *columns: Column, append_only: bool = False
) -> RawTable:
    return RawTable(
        name=name, meaning=meaning, columns=columns, key=key, time_column=time_column, append_only=append_only
    )


_DAY = Column("day", "DATE", "Day in the source's own zone")
_FINAL = Column("is_final", "BOOLEAN", "False while the source may still restate the row")
_LIKES = Column("likes", "BIGINT", "All reactions", nullable=True)
_COMMENTS = Column("comments", "BIGINT", "Comments and replies", nullable=True)
_SHARES = Column("shares", "BIGINT", "Shares, reposts and quotes", nullable=True)
_COUNTERS = (_LIKES, _COMMENTS, _SHARES)
"""Below zero at times, running totals too: LinkedIn's when who liked a sponsored share takes it back later."""
_PLATFORM = Column("platform", "VARCHAR", "linkedin, facebook, instagram, youtube, mastodon or bluesky")
_POST = Column("post_id", "VARCHAR", "The platform's own id, verbatim")
_TAKEN = Column("taken_at", "TIMESTAMPTZ", "When the reading was taken")

WEB_DAILY = _table(
    "web_daily",
    "Web traffic of a whole site by day.",
    ("day",),
    "day",
    _DAY,
    Column("sessions", "BIGINT", "Sessions begun that day", never_below_zero=True),
    Column("page_views", "BIGINT", "Page views", never_below_zero=True),
    Column(
        "engagement_seconds", "DOUBLE", "Seconds with the page in the foreground", nullable=True, never_below_zero=True
    ),
    Column("visitors", "BIGINT", "Distinct visitors of that day; never summed", nullable=True, never_below_zero=True),
    Column("total_users", "BIGINT", "GA4 totalUsers of that day; never summed", nullable=True, never_below_zero=True),
    _FINAL,
)
WEB_MONTHLY = _table(
    "web_monthly",
    "Distinct visitors of exactly one month, asked for at month grain.",
    ("month",),
    "month",
    Column("month", "DATE", "First day of the month"),
    Column("asked_through", "DATE", "Last day the request covered; the month's last day once it is over"),
    Column("visitors", "BIGINT", "Distinct visitors (GA4: activeUsers)", never_below_zero=True),
    Column("total_users", "BIGINT", "GA4: totalUsers", nullable=True, never_below_zero=True),
    Column("visitors_definition", "VARCHAR", "What the source counts as a visitor"),
    _FINAL,
)
WEB_PAGES_DAILY = _table(
    "web_pages_daily",
    "Web traffic by page and day.",
    ("day", "host", "path"),
    "day",
    _DAY,
    Column("host", "VARCHAR", "Host name as the source gives it; empty where it gives none"),
    Column("path", "VARCHAR", "Page path as the source gives it, verbatim"),
    Column("page_views", "BIGINT", "Page views", never_below_zero=True),
    Column(
        "engagement_seconds", "DOUBLE", "Seconds with the page in the foreground", nullable=True, never_below_zero=True
    ),
    _FINAL,
)
WEB_EVENTS_DAILY = _table(
    "web_events_daily",
    "Conversions by event or goal and day; an event without any that day has no row.",
    ("day", "event"),
    "day",
    _DAY,
    Column("event", "VARCHAR", "Key event or goal, by the name that the source shows"),
    Column(
        "conversions", "DOUBLE", "Conversions as the source counts them; GA4 may give fractions", never_below_zero=True
    ),
    Column(
        "event_count",
        "DOUBLE",
        "How often it happened, where the source counts that apart",
        nullable=True,
        never_below_zero=True,
    ),
    Column("revenue", "DOUBLE", "Revenue in the site's currency, where the source gives it", nullable=True),
    _FINAL,
)
WEB_KEY_EVENTS = _table(
    "web_key_events",
    "Events and goals that count as conversions, as listed now.",
    ("event",),
    None,
    Column("event", "VARCHAR", "Key event or goal, by the name that the source shows"),
    Column("event_id", "VARCHAR", "The source's own id of it", nullable=True),
    Column("counting", "VARCHAR", "How the source counts it, in its own words", nullable=True),
    Column("created_at", "TIMESTAMPTZ", "When it was made a key event, where the source says", nullable=True),
    Column("has_past", "BOOLEAN", "It also counts what happened before it was made"),
    Column("counted_from", "DATE", "First whole day on which it counts, where the source says", nullable=True),
)
WEB_CONVERSIONS_DAILY = _table(
    "web_conversions_daily",
    "Visits and those that converted, by day.",
    ("day",),
    "day",
    _DAY,
    Column("visits", "BIGINT", "Visits", never_below_zero=True),
    Column("converted_visits", "BIGINT", "Visits with at least one conversion", never_below_zero=True),
    _FINAL,
)
WEB_CHANNELS_DAILY = _table(
    "web_channels_daily",
    "Sessions and conversions by channel and day.",
    ("day", "label"),
    "day",
    _DAY,
    Column("label", "VARCHAR", "Channel as the source names it, verbatim"),
    Column("channel", "VARCHAR", "Channel in the one vocabulary of okr_models/kpis/channels.py"),
    Column("sessions", "BIGINT", "Sessions", never_below_zero=True),
    Column("conversions", "DOUBLE", "Conversions in these sessions", nullable=True, never_below_zero=True),
    _FINAL,
)
SEARCH_DAILY = _table(
    "search_daily",
    "Search performance of a site by day, without page and query, which leaves nothing out.",
    ("day",),
    "day",
    _DAY,
    Column("clicks", "BIGINT", "Clicks", never_below_zero=True),
    Column("impressions", "BIGINT", "Impressions", never_below_zero=True),
    Column("position_sum", "DOUBLE", "position x impressions, so that positions combine", never_below_zero=True),
    _FINAL,
)
SEARCH_PAGES_DAILY = _table(
    "search_pages_daily",
    "Search performance by page and day; a breakdown, so at most the total.",
    ("day", "page"),
    "day",
    _DAY,
    Column("page", "VARCHAR", "Full address as the source gives it"),
    Column("clicks", "BIGINT", "Clicks", never_below_zero=True),
    Column("impressions", "BIGINT", "Impressions", never_below_zero=True),
    Column("position_sum", "DOUBLE", "position x impressions", never_below_zero=True),
    _FINAL,
)
FOLLOWER_SNAPSHOTS = _table(
    "follower_snapshots",
    "Followers as they were when asked; can't be asked again.",
    ("taken_at",),
    "taken_at",
    _PLATFORM,
    _TAKEN,
    Column("day", "DATE", "The day it stands for: taken before noon in the source's zone, the day before"),
    Column("followers", "BIGINT", "Followers of the account", never_below_zero=True),
    append_only=True,
)
FOLLOWER_TOTALS_DAILY = _table(
    "follower_totals_daily",
    "Follower totals by day where a platform keeps them (Facebook).",
    ("day",),
    "day",
    _PLATFORM,
    _DAY,
    Column("followers", "BIGINT", "Followers at the end of the day", never_below_zero=True),
    _FINAL,
)
FOLLOWER_CHANGES_DAILY = _table(
    "follower_changes_daily",
    "Net new followers by day where a platform keeps them (LinkedIn, YouTube).",
    ("day",),
    "day",
    _PLATFORM,
    _DAY,
    Column("change", "BIGINT", "Followers gained less lost; may be negative"),
    _FINAL,
)
INTERACTIONS_DAILY = _table(
    "interactions_daily",
    "Likes, comments and shares by the day they happened, from the platform itself.",
    ("day",),
    "day",
    _PLATFORM,
    _DAY,
    _LIKES,
    _COMMENTS,
    _SHARES,
    _FINAL,
)
SOCIAL_POSTS = _table(
    "social_posts",
    "Social posts as listed now; a deleted post is no longer there.",
    ("post_id",),
    None,
    _PLATFORM,
    _POST,
    Column("url", "VARCHAR", "Public address", nullable=True),
    Column("published_at", "TIMESTAMPTZ", "When it was published"),
    Column("text", "VARCHAR", "Beginning of its text, at most 280 characters", nullable=True),
)
POST_COUNTERS = _table(
    "post_counters",
    "Running totals of each social post when asked; can't be asked again.",
    ("post_id", "taken_at"),
    "taken_at",
    _PLATFORM,
    _POST,
    _TAKEN,
    Column("day", "DATE", "The day it stands for: taken before noon in the source's zone, the day before"),
    *_COUNTERS,
    append_only=True,
)
BLOG_POSTS = _table(
    "blog_posts",
    "Published blog posts as listed now; a deleted post is no longer there.",
    ("post_id",),
    None,
    _POST,
    Column("url", "VARCHAR", "Public address"),
    Column("title", "VARCHAR", "Title as plain text"),
    Column("published_at", "TIMESTAMPTZ", "When it was published"),
    Column("published_on", "DATE", "Publication day in the site's zone (a feed: the client's)"),
    Column("modified_at", "TIMESTAMPTZ", "Last change", nullable=True),
)
CONTACTS_DAILY = _table(
    "contacts_daily",
    "Contacts created, by day.",
    ("day",),
    "day",
    _DAY,
    Column("new_contacts", "BIGINT", "Contacts created that day and still there", never_below_zero=True),
    _FINAL,
)
DEALS_DAILY = _table(
    "deals_daily",
    "Deals closed as won, by the day they closed.",
    ("day",),
    "day",
    _DAY,
    Column("deals_won", "BIGINT", "Deals won", never_below_zero=True),
    Column("amount", "DOUBLE", "What they amount to in the client's currency, where known in it", nullable=True),
    _FINAL,
)
TICKETS_DAILY = _table(
    "tickets_daily",
    "Support tickets by the day they were created, and how long the first answer took.",
    ("day",),
    "day",
    _DAY,
    Column("tickets", "BIGINT", "Tickets created", never_below_zero=True),
    Column("answered", "BIGINT", "Those of them that were answered by now", never_below_zero=True),
    Column("response_hours", "DOUBLE", "Sum of their hours to the first answer", never_below_zero=True),
    _FINAL,
)
NEWSLETTERS_DAILY = _table(
    "newsletters_daily",
    "Newsletters by the day they were sent, with what they received since.",
    ("day",),
    "day",
    _DAY,
    Column("campaigns", "BIGINT", "Newsletters sent", never_below_zero=True),
    Column("delivered", "BIGINT", "Sent less bounced", never_below_zero=True),
    Column("clicks", "BIGINT", "All clicks", never_below_zero=True),
    Column("unique_clicks", "BIGINT", "Clicks that count once a person", never_below_zero=True),
    _FINAL,
)
SUBSCRIBER_SNAPSHOTS = _table(
    "subscriber_snapshots",
    "Subscribers of all lists as they were when asked; can't be asked again.",
    ("taken_at",),
    "taken_at",
    _TAKEN,
    Column("day", "DATE", "The day it stands for: taken before noon in the source's zone, the day before"),
    Column("subscribers", "BIGINT", "Subscribers of all lists", never_below_zero=True),
    append_only=True,
)
SUBSCRIBER_MONTHS = _table(
    "subscriber_months",
    "Subscribers of all lists at the end of each past month, where the vendor keeps them (Mailchimp).",
    ("month",),
    None,
    Column("month", "DATE", "First day of the month"),
    Column("subscribers", "BIGINT", "Subscribers at its end", never_below_zero=True),
)
AD_COST_DAILY = _table(
    "ad_cost_daily",
    "Advertising cost by day.",
    ("day",),
    "day",
    _PLATFORM,
    _DAY,
    Column("cost", "DOUBLE", "What was spent, in the client's currency", never_below_zero=True),
    Column("account_cost", "DOUBLE", "The same in the account's currency", never_below_zero=True),
    Column("account_currency", "VARCHAR", "The account's currency"),
    Column("impressions", "BIGINT", "Times that ads were shown", nullable=True, never_below_zero=True),
    Column("clicks", "BIGINT", "Clicks on ads", nullable=True, never_below_zero=True),
    _FINAL,
)
OWN_METRICS = _table(
    "own_metrics",
    "Rows of the client's own csv files: own KPIs, and history for built-in ones.",
    ("kpi", "scope", "grain", "period_start"),
    None,
    Column("kpi", "VARCHAR", "KPI id, the client's own or a built-in one"),
    Column("scope", "VARCHAR", "all, platform=NAME or source=ID"),
    Column("grain", "VARCHAR", "day or month"),
    Column("period_start", "DATE", "The day, or the month's first day"),
    Column("value", "DOUBLE", "Value in the KPI's unit", nullable=True),
    Column("numerator", "DOUBLE", "Numerator of a ratio, where given", nullable=True),
    Column("denominator", "DOUBLE", "Denominator of a ratio, where given", nullable=True),
)
SNAPSHOT_REPLIES = _table(
    "snapshot_replies",
    "Raw replies of what can't be asked again, kept to be parsed anew.",
    ("stream", "taken_at", "part"),
    "taken_at",
    Column("stream", "VARCHAR", "Stream the reply was for"),
    _TAKEN,
    Column("part", "BIGINT", "Number of the reply within one reading"),
    Column("request", "VARCHAR", "What was asked, without secrets"),
    Column("reply", "BLOB", "Body, gzip"),
    append_only=True,
)

RAW_TABLES: dict[str, RawTable] = {
    table.name: table
    for table in (
        WEB_DAILY,
        WEB_MONTHLY,
        WEB_PAGES_DAILY,
        WEB_EVENTS_DAILY,
        WEB_KEY_EVENTS,
        WEB_CONVERSIONS_DAILY,
        WEB_CHANNELS_DAILY,
        SEARCH_DAILY,
        SEARCH_PAGES_DAILY,
        FOLLOWER_SNAPSHOTS,
        FOLLOWER_TOTALS_DAILY,
        FOLLOWER_CHANGES_DAILY,
        INTERACTIONS_DAILY,
        SOCIAL_POSTS,
        POST_COUNTERS,
        BLOG_POSTS,
        CONTACTS_DAILY,
        DEALS_DAILY,
        TICKETS_DAILY,
        NEWSLETTERS_DAILY,
        SUBSCRIBER_SNAPSHOTS,
        SUBSCRIBER_MONTHS,
        AD_COST_DAILY,
        OWN_METRICS,
        SNAPSHOT_REPLIES,
    )
}

"""Mastodon's entities, as Mastodon 4.5 writes them: an account, what it has published, and a status with its counts.

Addresses in them are the instance's public ones. What belongs here: entities (docs.joinmastodon.org/entities). What
does not: routes, paging and errors (``server.py``).
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from connectors.sandbox.call import Call, Json
from connectors.sandbox.world import Brand, World
from connectors.sandbox.world.social import COMMENT, LIKE, SHARE, SocialPost

HOST = "social.example"
PUBLIC = f"https://{HOST}"
QUOTED_EVERY = 4
"""Every so many-th share is a quote; the others are boosts."""
BOOSTS_EVERY, ANSWERS_EVERY = 5, 7
"""After every so many-th post the account boosts, or answers, somebody else."""


def snowflake(instant: datetime, low: int) -> str:
    """An id as Mastodon makes them: milliseconds, then sixteen bits."""
    return str((int(instant.timestamp() * 1000) << 16) | low)


def account_id(brand: Brand) -> str:
    """The account's id on its instance."""
    opened = brand.account("mastodon").opened
    return snowflake(datetime(opened.year, opened.month, opened.day, 9, tzinfo=UTC), 7)


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def account_entity(call: Call, brand: Brand) -> Json:
    """The account as everybody sees it."""
    account, world = brand.account("mastodon"), call.world
    own = statuses_of(world, brand)
    opened = datetime(account.opened.year, account.opened.month, account.opened.day, tzinfo=UTC)
    return {
        "id": account_id(brand),
        "username": account.handle,
        "acct": account.handle,
        "display_name": brand.name,
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": True,
        "group": False,
        "created_at": _stamp(opened),
        "note": f"<p>{html.escape(brand.name)}</p>",
        "url": f"{PUBLIC}/@{account.handle}",
        "uri": f"{PUBLIC}/users/{account.handle}",
        "avatar": f"{PUBLIC}/avatars/original/missing.png",
        "avatar_static": f"{PUBLIC}/avatars/original/missing.png",
        "header": f"{PUBLIC}/headers/original/missing.png",
        "header_static": f"{PUBLIC}/headers/original/missing.png",
        "followers_count": world.followers(brand.slug, "mastodon"),
        "following_count": 61,
        "statuses_count": len(own),
        "last_status_at": own[0].at.date().isoformat() if own else None,
        "hide_collections": False,
        "noindex": False,
        "emojis": [],
        "roles": [],
        "fields": [],
    }


def other_account() -> Json:
    """Somebody else, from another instance."""
    return {
        "id": "109349216304785642",
        "username": "fisklivet",
        "acct": "fisklivet@hav.example",
        "display_name": "Fisklivet",
        "locked": False,
        "bot": False,
        "discoverable": True,
        "group": False,
        "created_at": "2022-11-15T00:00:00.000Z",
        "note": "",
        "url": "https://hav.example/@fisklivet",
        "uri": "https://hav.example/users/fisklivet",
        "avatar": f"{PUBLIC}/avatars/original/missing.png",
        "avatar_static": f"{PUBLIC}/avatars/original/missing.png",
        "header": f"{PUBLIC}/headers/original/missing.png",
        "header_static": f"{PUBLIC}/headers/original/missing.png",
        "followers_count": 4100,
        "following_count": 300,
        "statuses_count": 5200,
        "last_status_at": "2026-01-01",
        "emojis": [],
        "fields": [],
    }


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of an account's list: a post of its own, an answer to somebody, or a boost."""

    kind: Literal["post", "answer", "boost"]
    post: SocialPost
    at: datetime
    status_id: str


KINDS: tuple[tuple[Literal["answer", "boost"], int, int], ...] = (
    ("boost", BOOSTS_EVERY, 26),
    ("answer", ANSWERS_EVERY, 3),
)
"""What else is published, after every so many-th post, and how many hours after it."""


def statuses_of(world: World, brand: Brand) -> list[Listed]:
    """All that the account has published by now, newest first."""
    found = [
        Listed("post", post, post.published_at, post.post_id) for post in world.social_posts(brand.slug, "mastodon")
    ]
    for post in world.social(brand.slug, "mastodon").posts:
        for kind, every, hours in KINDS:
            at = post.published_at + timedelta(hours=hours)
            if post.number % every == 0 and at <= world.now:
                found.append(Listed(kind, post, at, snowflake(at, 11)))
    return sorted(found, key=lambda listed: int(listed.status_id), reverse=True)


def totals(world: World, brand: Brand) -> tuple[list[int], list[int], list[int], list[int]]:
    """Favourites, replies, boosts and quotes of each post by its number, as they are now."""
    log = world.social(brand.slug, "mastodon")
    rows = log.interactions
    seen = int(np.searchsorted(rows.at, int(world.now.timestamp()), side="right"))
    kind, post = rows.kind[:seen], rows.post[:seen]
    quoted = np.arange(seen) % QUOTED_EVERY == 0
    return tuple(
        np.bincount(post[chosen], weights=rows.delta[:seen][chosen], minlength=len(log.posts)).astype(int).tolist()
        for chosen in (kind == LIKE, kind == COMMENT, (kind == SHARE) & ~quoted, (kind == SHARE) & quoted)
    )


def status_entity(call: Call, brand: Brand, listed: Listed, *, account: Json, counted: tuple[list[int], ...]) -> Json:
    """One status. An answer and a boost have counts too, which are not the brand's posts'."""
    handle, post = brand.account("mastodon").handle, listed.post
    edited = post.edited_at if listed.kind == "post" and post.edited_at and post.edited_at <= call.world.now else None
    likes, replies, boosts, quotes = (
        (column[post.number] for column in counted) if listed.kind == "post" else (230, 41, 17, 5)
    )
    body: Json = {
        "id": listed.status_id,
        "created_at": _stamp(listed.at),
        "in_reply_to_id": "113000000000000001" if listed.kind == "answer" else None,
        "in_reply_to_account_id": other_account()["id"] if listed.kind == "answer" else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "sv",
        "uri": f"{PUBLIC}/users/{handle}/statuses/{listed.status_id}",
        "url": f"{PUBLIC}/@{handle}/{listed.status_id}",
        "replies_count": replies,
        "reblogs_count": boosts,
        "favourites_count": likes,
        "quotes_count": quotes,
        "edited_at": _stamp(edited) if edited else None,
        "content": f"<p>{html.escape(post.text if listed.kind != 'boost' else 'Läsvärt')}</p>",
        "reblog": None,
        "account": account,
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
    }
    if listed.kind == "boost":
        theirs = {**body, "id": str(int(listed.status_id) - 977), "account": other_account()}
        body |= {"reblog": theirs, "replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "quotes_count": 0}
    return {name: value for name, value in body.items() if name not in call.faults.removed()}

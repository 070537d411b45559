"""The demo brands: who they are at each vendor, how busy, and what they publish.

What belongs here: frozen facts, no randomness. What does not: events (``visits.py``, ``social.py``) and titles
(``pages.py``, ``social.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

WEEKDAY = (1.08, 1.12, 1.1, 1.06, 0.98, 0.78, 0.88)
"""Monday to Sunday of a usual Swedish shop."""


def _growth(**years: float) -> Mapping[int, float]:
    return MappingProxyType({int(year[1:]): rate for year, rate in years.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialAccount:
    """One account on one platform: the vendor's ids, how many follow it and what a post of it receives."""

    platform: str
    account_id: str
    """The id by which API calls name it."""
    handle: str
    followers: int
    """When the horizon starts, or when the account opens."""
    gain_per_day: float
    loss_per_day: float
    posts_per_week: float
    likes: float
    comments: float
    shares: float
    """Mean per post at the horizon's start."""
    opened: date = date(2021, 5, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One web site: its hosts, zone, blog and how many new people find it a day."""

    host: str
    hosts: tuple[str, ...]
    """Every host on which its pages are seen; the first is the canonical one."""
    zone: str
    blog_path: str
    pages: Mapping[str, float] = field(hash=False)
    """Path of each static page and its share of views."""
    new_visitors_per_day: float
    views_by_post_2026: tuple[tuple[str, date, int], ...]
    """Title, publication day and expected views in the first 90 days of each post of 2026."""
    subjects: tuple[str, ...]
    """What the posts of other years are about."""
    deleted_title: str
    """The one post of 2026 that is deleted again."""
    deleted_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One simulated company."""

    slug: str
    name: str
    site: Site
    ids: Mapping[str, str] = field(hash=False)
    """Account id by vendor, for the vendors that the brand uses and that are no social platform."""
    season: tuple[float, ...]
    """January to December, around 1."""
    growth: Mapping[int, float] = field(hash=False)
    weekday: tuple[float, ...] = WEEKDAY
    social: tuple[SocialAccount, ...] = field(default=())
    slowest_answer_hours: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """By year, within how many hours support has answered whom it answers; three days where no year is named."""

    def account(self, platform: str) -> SocialAccount:
        """Its account on a platform; KeyError where it has none."""
        for account in self.social:
            if account.platform == platform:
                return account
        raise KeyError(f"{self.slug} has no account on {platform}")

    def account_ids(self) -> dict[str, str]:
        """Account id by vendor or platform."""
        return {**self.ids, **{account.platform: account.account_id for account in self.social}}


FJALLGLAS = Brand(
    slug="fjallglas",
    name="Fjällglas AB",
    ids=MappingProxyType(
        {"ga4": "412345678", "search_console": "sc-domain:fjallglas.se", "wordpress": "fjallglas", "feed": "fjallglas",
         "hubspot": "25001", "sheet": "1SandboxFjallglasFigures", "mailchimp": "sandbox-account",
         "brevo": "sandbox-organization", "threads": "17841400000000002", "meta_ads": "9001234567"}
    ),
    season=(0.86, 0.84, 0.88, 0.92, 0.98, 0.94, 0.86, 0.92, 0.98, 1.06, 1.34, 1.42),
    growth=_growth(y2023=0.16, y2024=0.18, y2025=0.22, y2026=0.42, y2027=0.2),
    site=Site(
        host="www.fjallglas.se",
        hosts=("www.fjallglas.se", "fjallglas.se"),
        zone="Europe/Stockholm",
        blog_path="/blogg/",
        pages=MappingProxyType(
            {
                "/": 26.0,
                "/produkter/": 14.0,
                "/produkter/vinglas/": 9.0,
                "/produkter/vaser/": 7.0,
                "/produkter/ljuslyktor/": 6.0,
                "/produkter/skålar/": 5.0,
                "/om-oss/": 5.0,
                "/hyttan/": 4.0,
                "/återförsäljare/": 3.0,
                "/kontakt/": 4.0,
                "/kassa/": 5.0,
                "/blogg/": 4.0,
                "/en/": 2.0,
            }
        ),
        new_visitors_per_day=120.0,
        views_by_post_2026=(
            ("Så väljer du rätt vinglas till middagen", date(2026, 1, 13), 1150),
            ("Från sand till skål: en dag i hyttan", date(2026, 2, 3), 860),
            ("Därför spricker glas \u2013 och så undviker du det", date(2026, 2, 24), 940),
            ("Återvunnet glas: vad betyder det egentligen?", date(2026, 3, 17), 720),
            ("Duka till påsk med färgat glas", date(2026, 3, 26), 330),
            ("Möt glasblåsaren: Åsa berättar", date(2026, 4, 21), 240),
            ("Fem sätt att få vasen att räcka längre", date(2026, 5, 12), 780),
            ("Midsommardukning med ängsblommor & glas", date(2026, 6, 9), 690),
            ("Sommarutställning i hyttan", date(2026, 6, 24), 190),
            ("Höstens nyheter är här", date(2026, 8, 18), 360),
            ("Så diskar du handblåst glas", date(2026, 8, 27), 1020),
            ("Ljuslyktor för mörka kvällar", date(2026, 9, 15), 830),
            ("Guide: så läser du av kvaliteten i glas", date(2026, 9, 29), 640),
            ("Julklappar från hyttan \u2013 vår önskelista", date(2026, 10, 20), 900),
            ("Så packar vi ditt glas, och varför det håller", date(2026, 11, 10), 560),
            ("Nyårsbordet: glas för tolvslaget", date(2026, 12, 8), 700),
        ),
        subjects=("vinglas", "vaser", "skålar", "ljuslyktor", "färgat glas", "munblåst glas", "karaffer"),
        deleted_title="Återvunnet glas: vad betyder det egentligen?",
        deleted_on=date(2026, 7, 6),
    ),
    social=(
        SocialAccount(
            platform="linkedin", account_id="2414183", handle="fjallglas", followers=2450,
            gain_per_day=2.6, loss_per_day=0.5, posts_per_week=2.0, likes=30, comments=4.0, shares=2.5,
        ),
        SocialAccount(
            platform="facebook", account_id="101234567890123", handle="fjallglas", followers=5200,
            gain_per_day=3.6, loss_per_day=1.1, posts_per_week=2.5, likes=34, comments=5.0, shares=3.0,
        ),
        SocialAccount(
            platform="instagram", account_id="17841400000000001", handle="fjallglas", followers=7300,
            gain_per_day=7.0, loss_per_day=1.9, posts_per_week=3.0, likes=85, comments=7.0, shares=4.0,
        ),
        SocialAccount(
            platform="youtube", account_id="UCfjallglas0000000000000", handle="@fjallglas", followers=640,
            gain_per_day=0.9, loss_per_day=0.12, posts_per_week=0.5, likes=28, comments=4.0, shares=3.0,
        ),
    ),
)  # fmt: skip

SKARGARD = Brand(
    slug="skargard",
    name="Skärgårdsrökeriet AB",
    ids=MappingProxyType({"ga4": "423456789", "wordpress": "skargard", "plausible": "skargard.se", "feed": "skargard"}),
    season=(0.72, 0.74, 0.82, 0.95, 1.08, 1.32, 1.5, 1.26, 0.86, 0.8, 0.88, 1.16),
    growth=_growth(y2023=0.1, y2024=0.12, y2025=0.14, y2026=0.2, y2027=0.12),
    weekday=(0.86, 0.88, 0.94, 1.06, 1.22, 1.16, 0.88),
    site=Site(
        host="skargard.se",
        hosts=("skargard.se", "www.skargard.se"),
        zone="Europe/Stockholm",
        blog_path="/nyheter/",
        pages=MappingProxyType(
            {
                "/": 24.0,
                "/butik/": 12.0,
                "/butik/rökt-lax/": 8.0,
                "/butik/böckling/": 5.0,
                "/butik/räkor/": 5.0,
                "/rökeriet/": 6.0,
                "/öppettider/": 9.0,
                "/hitta-hit/": 5.0,
                "/kontakt/": 3.0,
                "/nyheter/": 3.0,
            }
        ),
        new_visitors_per_day=80.0,
        views_by_post_2026=(
            ("Så röker vi laxen över al", date(2026, 1, 20), 620),
            ("Semla eller sill? Fettisdag på bryggan", date(2026, 2, 17), 210),
            ("Recept: krämig fiskgryta med böckling", date(2026, 3, 24), 810),
            ("Vi söker sommarpersonal", date(2026, 4, 14), 330),
            ("Öppet igen efter islossningen", date(2026, 4, 29), 270),
            ("Sill till midsommar: så lägger du in den själv", date(2026, 6, 2), 1180),
            ("Nya öppettider i sommar", date(2026, 6, 16), 760),
            ("Kräftskiva på klippan", date(2026, 7, 28), 880),
            ("Höstens fiske & fångst", date(2026, 9, 8), 240),
            ("Recept: rökt sik med dillpotatis", date(2026, 10, 6), 570),
            ("Surströmming för nybörjare", date(2026, 8, 18), 950),
            ("Julbordets lax \u2013 beställ i tid", date(2026, 11, 12), 820),
            ("Tack för i år!", date(2026, 12, 22), 190),
        ),
        subjects=("rökt lax", "böckling", "räkor", "strömming", "kallrökt sik", "fisksoppa", "sill"),
        deleted_title="Nya öppettider i sommar",
        deleted_on=date(2026, 9, 1),
    ),
    social=(
        SocialAccount(
            platform="linkedin", account_id="5112233", handle="skargardsrokeriet", followers=760,
            gain_per_day=0.8, loss_per_day=0.2, posts_per_week=1.0, likes=16, comments=2.5, shares=1.2,
        ),
        SocialAccount(
            platform="mastodon", account_id="skargard", handle="skargard", followers=40,
            gain_per_day=0.9, loss_per_day=0.1, posts_per_week=2.0, likes=9, comments=2.0, shares=3.0,
            opened=date(2025, 3, 10),
        ),
        SocialAccount(
            platform="bluesky", account_id="skargard.se", handle="skargard.se", followers=15,
            gain_per_day=1.2, loss_per_day=0.1, posts_per_week=2.0, likes=11, comments=2.0, shares=2.5,
            opened=date(2026, 3, 2),
        ),
    ),
)  # fmt: skip

LINDHS = Brand(
    slug="lindhs",
    name="Lindhs Cykel AB",
    ids=MappingProxyType({"matomo": "3", "hubspot": "25002"}),
    season=(0.62, 0.68, 1.02, 1.36, 1.44, 1.28, 1.04, 1.06, 1.0, 0.86, 0.8, 0.78),
    growth=_growth(y2023=0.06, y2024=0.08, y2025=0.06, y2026=0.12, y2027=0.08),
    site=Site(
        host="www.lindhscykel.se",
        hosts=("www.lindhscykel.se", "lindhscykel.se"),
        zone="Europe/Stockholm",
        blog_path="/artiklar/",
        pages=MappingProxyType(
            {
                "/": 22.0,
                "/cyklar/": 14.0,
                "/cyklar/elcyklar/": 10.0,
                "/cyklar/barncyklar/": 6.0,
                "/verkstad/": 8.0,
                "/verkstad/boka/": 6.0,
                "/däck/": 4.0,
                "/kontakt/": 4.0,
                "/artiklar/": 3.0,
            }
        ),
        new_visitors_per_day=90.0,
        views_by_post_2026=(
            ("Vårservice: gör cykeln redo på en timme", date(2026, 3, 10), 1240),
            ("Elcykel till jobbet \u2013 vad kostar det?", date(2026, 4, 7), 980),
            ("Rätt lufttryck i däcken", date(2026, 5, 5), 640),
            ("Cykelsemester med barn", date(2026, 6, 4), 410),
            ("Så låser du cykeln säkert", date(2026, 8, 20), 720),
            ("Dubbdäck på cykel: när och varför", date(2026, 10, 15), 690),
            ("Vinterförvaring av elcykelbatteri", date(2026, 11, 5), 540),
        ),
        subjects=("elcyklar", "barncyklar", "växlar", "bromsar", "däck", "cykelhjälmar"),
        deleted_title="Cykelsemester med barn",
        deleted_on=date(2026, 10, 1),
    ),
    slowest_answer_hours=MappingProxyType({2024: 60, 2025: 52, 2026: 36, 2027: 30}),
)

BRANDS: tuple[Brand, ...] = (FJALLGLAS, SKARGARD, LINDHS)

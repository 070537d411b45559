"""The clients of a simulated year: their files as they stand, and every edit that a person makes to them. No test here.

An edit changes the file and says what it changed, as what is published may rightly change with it.
"""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import yaml

from connectors.catalogue import SETTINGS
from okr_models.client.file import ClientFileErrors, read_client
from pipelines.warehouse.home import Home

Entry = dict[str, Any]
YEAR = {"start": "2026-01-01", "end": "2026-12-31"}
START = "2025-06-01"
URL = {"env": "OKR_SANDBOX_URL"}
OWN = (("orders", "flow"), ("members", "stock"))


@dataclass
class ClientFile:
    """One client file. ``brand``: whose accounts its sources are of, and whose book its csv files are."""

    slug: str
    brand: str
    sources: list[Entry]
    results: list[Entry]
    is_here: bool = True
    is_broken: bool = False
    away: list[Entry] = field(default_factory=list)
    """Sources that were taken out and may come back."""
    renamed: dict[str, str] = field(default_factory=dict)
    """New ids of sources by the id they had, of this night's edits."""
    moved: bool = False
    """Whether sources came or went in this night's edits: what rests on several of them may change."""

    def text(self) -> str:
        """As yaml; a broken one with a line that is none."""
        kpis = [{"id": kpi, "title": kpi, "kind": kind, "unit": kpi, "source": self.csv("months")} for kpi, kind in OWN]
        kpis.append({"id": "calls", "title": "calls", "kind": "flow", "unit": "calls", "source": self.csv("days")})
        said = {
            "client": self.slug,
            "name": self.slug.capitalize(),
            "language": "en",
            "sources": self.sources,
            "kpis": kpis,
            "objectives": [{"id": "o", "title": "O", "period": YEAR, "key_results": self.results}],
        }
        text = yaml.dump(deepcopy(said), sort_keys=False, Dumper=_Plain)
        return text + "objectives: [\n" if self.is_broken else text

    def csv(self, which: str) -> str:
        """The id that a csv source has now."""
        return next(str(each["id"]) for each in self.sources if str(each.get("path", "")).endswith(f"_{which}.csv"))


class _Plain(yaml.SafeDumper):
    """No anchors: a client file is written by a person."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def files_of(home: Home, brand: str) -> list[Entry]:
    """A brand's two csv sources."""
    return [
        {"id": "months", "type": "csv", "path": f"data/{brand}_months.csv"},
        {"id": "days", "type": "csv", "path": f"data/{brand}_days.csv"},
    ]


def three_clients(home: Home) -> list[ClientFile]:
    """One with four vendors, one with Matomo, one with csv files alone, which comes and goes."""
    token = {"env": "OKR_DEMO_PLAUSIBLE_TOKEN"}
    skargard: list[Entry] = [
        {"id": "web", "type": "plausible", "site_id": "skargard.se", "token": token, "base_url": URL, "start": START},
        {"id": "mastodon", "type": "mastodon", "account": "skargard", "base_url": URL, "opened": "2025-03-10"},
        {"id": "bluesky", "type": "bluesky", "actor": "skargard.se", "base_url": URL, "opened": "2026-03-02"},
        {"id": "blog", "type": "feed", "url": {"env": "OKR_SANDBOX_SKARGARD_FEED"}},
    ]
    token = {"env": "OKR_DEMO_MATOMO_TOKEN"}
    lindhs: list[Entry] = [
        {"id": "site", "type": "matomo", "site_id": "3", "token": token, "base_url": URL, "start": START,
         "blog_path": "/artiklar/"},
    ]  # fmt: skip
    own = [
        {"id": "orders", "title": "Orders", "kpi": "orders", "target": "+8%"},
        {"id": "members", "title": "Members", "kpi": "members", "target": "+20%"},
        {"id": "calls", "title": "Calls", "kpi": "calls", "target": 4000},
    ]
    posts = {"page_views": {"at_least": 15, "within_days": 60}}
    return [
        ClientFile(
            "skargard", "skargard", [*skargard, *files_of(home, "skargard")],
            [*deepcopy(own),
             {"id": "sessions", "title": "Sessions", "kpi": "sessions", "target": 3000},
             {"id": "views", "title": "Views", "kpi": "page_views", "target": "+10%"},
             {"id": "followers", "title": "Followers", "kpi": "followers", "target": "+20%"},
             {"id": "reactions", "title": "Reactions", "kpi": "interactions", "target": 900},
             {"id": "posts", "title": "Posts", "count": "blog_posts", "where": posts, "target": 6}],
        ),
        ClientFile(
            "lindhs", "lindhs", [*lindhs, *files_of(home, "lindhs")],
            [*deepcopy(own),
             {"id": "visitors", "title": "Visitors", "kpi": "unique_visitors", "target": "+10%"},
             {"id": "steady", "title": "Steady", "kpi": "sessions", "target": {"at_least": 120, "hold": True}}],
        ),
        ClientFile("nova", "nova", files_of(home, "nova"), deepcopy(own)),
    ]  # fmt: skip


NEEDS = {
    "sessions": {"plausible", "matomo"}, "steady": {"matomo"}, "views": {"plausible"}, "visitors": {"matomo"},
    "followers": {"mastodon", "bluesky"}, "reactions": {"mastodon", "bluesky"}, "posts": {"feed"},
}  # fmt: skip
"""Types of sources of which a key result needs one; those that are not here rest on the client's own files."""


def small_world(files: list[ClientFile], rng: random.Random) -> list[ClientFile]:
    """One client with some of its vendors and key results, at times with the one that comes and goes."""
    brand = rng.choice(["skargard", "skargard", "lindhs"])
    main = next(file for file in files if file.brand == brand)
    vendors = [each for each in main.sources if each["type"] != "csv"]
    kept = rng.sample(vendors, min(len(vendors), rng.choice([1, 1, 2, 2, 3])))
    types = {each["type"] for each in kept}
    if "feed" in types:
        types.add("plausible")  # the site that counts its posts' views
    main.sources = [each for each in main.sources if each["type"] in types | {"csv"}]
    nova = [file for file in files if file.brand == "nova" and rng.random() < 0.4]
    for file in (main, *nova):
        chosen = rng.choice(["orders", "members", "calls"])
        file.results = [
            each for each in file.results
            if each["id"] == chosen or (rng.random() < 0.6 and types & NEEDS.get(str(each["id"]), {"csv"}))
        ]  # fmt: skip
    return [main, *nova]


def retarget(file: ClientFile, rng: random.Random, night: date) -> str:
    """Another target, half of the time as a revision."""
    result = rng.choice([each for each in file.results if isinstance(each["target"], int | str)])
    target = result["target"]
    new = rng.randint(5, 40) if isinstance(target, str) else round(target * rng.uniform(0.8, 1.3))
    said: Any = f"+{new}%" if isinstance(target, str) else new
    revisions = result.setdefault("revisions", [])
    in_time = date(2026, 1, 1) < night <= date(2026, 12, 31)
    if rng.random() < 0.5 and in_time and not any(each["from"] >= str(night) for each in revisions):
        revisions.append({"from": str(night), "target": said, "by": "the board", "why": "it went well"})
    else:
        result["target"] = said
    if not revisions:
        del result["revisions"]
    return f"target of {result['id']}: {said}"


def rename_result(file: ClientFile, rng: random.Random, night: date) -> str:
    """Another slug for a key result."""
    result = rng.choice(file.results)
    old = result["id"]
    result["id"] = f"{str(old).split('_')[0]}_{night:%y%m%d}"
    return f"key result {old} is {result['id']}"


def rename_source(file: ClientFile, rng: random.Random, night: date) -> str:
    """Another id for a source, with the old one in ``formerly``."""
    source = rng.choice(file.sources)
    old = str(source["id"])
    new = f"{old.split('_', maxsplit=1)[0]}_{night:%y%m%d}"
    if new == old:
        return f"nothing: {old} was renamed today"
    source["formerly"] = [*source.get("formerly", ()), old]
    source["id"] = new
    file.renamed[old] = new
    return f"source {old} is {new}"


def drop_source(file: ClientFile, rng: random.Random, night: date) -> str:
    """A source is taken out, or one that was comes back."""
    file.moved = True
    if file.away:
        source = file.away.pop()
        file.sources.append(source)
        return f"source {source['id']} is back"
    vendors = [each for each in file.sources if each["type"] != "csv"]
    # what a key result measures comes from a source: without one the file is refused
    spare = [each for each in vendors if _is_sound(file, without=each)]
    if len(vendors) < 2 or not spare:
        return "nothing: no source to spare"
    source = rng.choice(spare)
    file.sources.remove(source)
    file.away.append(source)
    return f"source {source['id']} is gone"


def _is_sound(file: ClientFile, *, without: Entry) -> bool:
    rest = replace(file, sources=[each for each in file.sources if each is not without], is_broken=False)
    try:
        read_client(rest.text(), file_name=f"{file.slug}.yaml", types=SETTINGS)
    except ClientFileErrors:
        return False
    return True


def break_file(file: ClientFile, rng: random.Random, night: date) -> str:
    """A yaml that is none, for a night."""
    file.is_broken = True
    return "the file is no yaml tonight"


def leave_or_return(file: ClientFile, rng: random.Random, night: date) -> str:
    """The client's file goes, or is there again."""
    if file.brand != "nova":
        return "nothing: it stays"
    file.is_here = not file.is_here
    return "the client is back" if file.is_here else "the client left"


def rename_client(file: ClientFile, rng: random.Random, night: date) -> str:
    """Another slug for the client: for the program another client, which reads all there is anew."""
    if file.brand != "nova":
        return "nothing: it keeps its name"
    file.slug = f"nova_{night:%y%m%d}"
    return f"the client is {file.slug}"


EDITS = (retarget, rename_result, rename_source, drop_source, break_file, leave_or_return, rename_client)
EDITS_OF_ALL = tuple(edit for edit in EDITS if edit not in (leave_or_return, rename_client))
"""Those that do something to a client that stays."""

"""Telling one account, property or site from another, however its address is spelled."""

from __future__ import annotations

import pytest

from connectors.feed.settings import Feed
from connectors.mastodon.settings import Mastodon
from connectors.search_console.settings import SearchConsole
from connectors.wordpress.settings import WordPress
from okr_models.client.identity import Identity, joined_parts, parts_of
from okr_models.client.sources import EnvRef, SourceSettings, holder_of
from okr_models.hosts import place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.acme.se", "http://acme.se/"),
        ("https://räksmörgås.se/blogg/", "https://xn--rksmrgs-5wao1o.se/blogg"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9090"),
    ],
)
def test_a_site_is_the_same_under_another_spelling_of_its_address(one: str, other: str) -> None:
    first, second = (WordPress(id="blog", base_url=address).identity for address in (one, other))
    assert not first.is_another(second)


def test_two_sites_of_one_host_are_two() -> None:
    assert place("https://acme.se/a") != place("https://acme.se/b/")
    assert WordPress(id="b", base_url="https://acme.se/a").identity.is_another(
        WordPress(id="b", base_url="https://acme.se/b").identity
    )


def test_a_headless_site_is_known_by_any_address_that_it_has() -> None:
    cms = WordPress(id="blog", base_url="https://cms.acme.se")
    both = Identity(type="wordpress", parts=joined_parts(cms.named(), parts_of(site="acme.se")))
    assert not both.is_another(Identity(type="wordpress", parts=parts_of(site="acme.se")))
    assert both.is_another(WordPress(id="blog", base_url="https://annan.se").identity)


def mastodon(account: str, base_url: str | EnvRef = "https://m.example") -> Identity:
    return Mastodon(id="m", account=account, base_url=base_url).identity


def test_an_account_of_another_name_or_instance_is_another_but_a_variable_says_nothing_of_the_instance() -> None:
    assert mastodon("acme").is_another(mastodon("annan"))
    assert mastodon("acme").is_another(mastodon("acme", "https://n.example"))
    assert not mastodon("acme").is_another(mastodon("Acme", EnvRef(env="INSTANCE")))


def test_an_account_made_anew_under_the_same_name_is_another() -> None:
    first, second = (
        Identity(type="mastodon", parts=joined_parts(mastodon("acme").parts, parts_of(account_id=number)))
        for number in ("1", "2")
    )
    assert second.is_another(first)


def test_a_property_of_a_whole_domain_is_not_the_one_of_an_address_of_it() -> None:
    def of(site: str) -> SourceSettings:
        return SearchConsole(id="s", site_url=site, credentials=EnvRef(env="KEY"))

    assert of("sc-domain:acme.se").identity.is_another(of("https://acme.se/").identity)


def test_of_properties_within_each_other_the_outermost_counts() -> None:
    sites = ("https://blog.acme.se/nytt/", "https://blog.acme.se/", "sc-domain:acme.se", "https://acme.com/")
    sources = [SearchConsole(id=f"s{n}", site_url=each, credentials=EnvRef(env="KEY")) for n, each in enumerate(sites)]
    assert [holder_of(source, sources) for source in sources] == ["s2", "s2", None, None]


def test_another_type_is_another_and_parts_are_kept_and_read_again() -> None:
    feed = Feed(id="blog", url="https://acme.se/feed/").identity
    assert feed.is_another(WordPress(id="blog", base_url="https://acme.se").identity)
    assert Identity.from_json("feed", feed.to_json()) == feed
    assert str(feed) == "feed site acme.se/feed"

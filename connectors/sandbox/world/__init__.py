"""The simulated truth behind the sandbox: people who visit, follow, like, comment and share, one event at a time.

Deterministic from a seed, generated for a fixed horizon and then cut by a virtual now, so that tomorrow's world is
today's plus new events. What belongs here: events and the facts of brands. What does not: any vendor's words or HTTP.
"""

from connectors.sandbox.world.brands import BRANDS, Brand, Site, SocialAccount
from connectors.sandbox.world.clock import VirtualClock, five_in_stockholm
from connectors.sandbox.world.world import World

__all__ = ["BRANDS", "Brand", "Site", "SocialAccount", "VirtualClock", "World", "five_in_stockholm"]

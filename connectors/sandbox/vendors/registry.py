"""The vendors that the sandbox speaks, in the order in which their routes are tried."""

from __future__ import annotations

from connectors.sandbox.call import Vendor
from connectors.sandbox.vendors import ga4, google_oauth, linkedin, meta, wordpress

VENDORS: tuple[Vendor, ...] = (google_oauth.VENDOR, ga4.VENDOR, linkedin.VENDOR, meta.VENDOR, wordpress.VENDOR)

"""GA4's budgets: what each reply says is left of the property's quotas, and how many server errors were met.

Standard properties have 200,000 tokens a day, 40,000 an hour, 14,000 an hour and project, and 10 server errors an hour
and project (API.md, section 1). What belongs here: when to stop by oneself, before Google refuses. What does not: what
a refusal means (``errors.py``).
"""

from __future__ import annotations

from google.analytics.data_v1beta import types

MOST_SERVER_ERRORS = 6
"""In one opened property. Google blocks it after 10 an hour, for everybody who reads it by this project."""
FEW_SERVER_ERRORS_LEFT = 3
_TOKENS = {
    "tokens_per_day": "per day",
    "tokens_per_hour": "per hour",
    "tokens_per_project_per_hour": "for a project per hour",
}


class Budget:
    """What is left for one property as the last reply told it. One for each opened property."""

    def __init__(self) -> None:
        self._server_errors = 0
        self._errors_left: int | None = None
        self._dearest = 1
        self._left: dict[str, int] = {}

    def note(self, quota: types.PropertyQuota) -> None:
        """Learn from a good reply. A quota that it does not report is not known, and not used up."""
        for name in _TOKENS:
            if name in quota:
                self._left[name] = getattr(quota, name).remaining
                self._dearest = max(self._dearest, getattr(quota, name).consumed)
        if "server_errors_per_project_per_hour" in quota:
            self._errors_left = quota.server_errors_per_project_per_hour.remaining

    def server_error(self) -> None:
        """One more was met."""
        self._server_errors += 1

    @property
    def allows_another_error(self) -> bool:
        """Whether a server error may be asked again: the next one could be the one for which Google blocks."""
        left = None if self._errors_left is None else self._errors_left - self._server_errors
        return self._server_errors < MOST_SERVER_ERRORS and (left is None or left >= FEW_SERVER_ERRORS_LEFT)

    def spent(self) -> str | None:
        """Why not to ask again, in Google's words for the quota's span; None where there is enough.

        Enough is more than the dearest report so far has cost.
        """
        if self._server_errors >= MOST_SERVER_ERRORS:
            return f"Google met {self._server_errors} server errors on this property and allows ten per hour"
        short = [name for name, left in self._left.items() if left < self._dearest]
        # a day's quota comes back last, so it is the one to name
        short.sort(key=lambda name: name != "tokens_per_day")
        if not short:
            return None
        return f"Google says that {self._left[short[0]]} property tokens {_TOKENS[short[0]]} are left"

"""How a mail's headers are written: its subject word for word.

Python's own folding of a subject that is not ASCII loses a space where it breaks the line between two words of which
the first ends in an encoded part ("måletär"), and begins one that does not fit beside its name on a line of its own,
which readers show as a space before it. The older ``Header`` does neither. What belongs here: the policy. What does
not: what a mail says.
"""

from __future__ import annotations

from email.header import Header
from email.policy import EmailPolicy

LONGEST_LINE = 76


class MailPolicy(EmailPolicy):
    """Seven bits and short lines, which every server takes."""

    def fold(self, name: str, value: str) -> str:
        """The header as text."""
        return self._subject(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as it is sent."""
        subject = self._subject(name, value)
        return subject.encode("ascii") if subject else super().fold_binary(name, value)

    def _subject(self, name: str, value: str) -> str:
        if name.lower() != "subject":
            return ""
        text = str(value)
        charset = "us-ascii" if text.isascii() else "utf-8"
        written = Header(text, charset, maxlinelen=LONGEST_LINE, header_name=name)
        return f"{name}: {written.encode(linesep=self.linesep)}{self.linesep}"


MAIL = MailPolicy(linesep="\r\n", cte_type="7bit")

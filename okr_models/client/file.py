"""A client file's text to a ``Client``: every error in one go, each with its line and its cure.

What belongs here: the way from text to value. What does not: reading files or the environment, which is I/O; the rules
themselves (``fields.py``, ``rules.py``, ``initiative_rules.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from okr_models.client.errors import ClientFileErrors, FileError
from okr_models.client.initiative_rules import initiative_faults
from okr_models.client.model import Client, Objective
from okr_models.client.parts import ObjectiveParts, Parts, read_parts
from okr_models.client.rules import rule_faults
from okr_models.client.sources import SourceTypes, secret_keys
from okr_models.client.yaml import Document, Path, YamlFaults, load_yaml, shown

__all__ = ["ClientFileErrors", "FileError", "ParsedClient", "is_client_file", "parse_client", "read_client"]

_SLUG = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
AGENCY = "_agency"
"""The folder beside the clients' own in the exports."""


def is_client_file(name: str) -> bool:
    """Whether what is called so in ``clients/`` is a client's, if only to be told how it should be called.

    Hidden ones are none: an editor's lock, what macOS leaves beside each file.
    """
    return not name.startswith(".") and PurePath(name).suffix.lower() in {".yaml", ".yml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedClient:
    """A client and where its parts stand, for warnings that name lines."""

    client: Client
    file: str
    document: Document
    types: SourceTypes
    """The types of source that the file could name."""

    def line(self, *path: str | int) -> int:
        return self.document.line(path)


def parse_client(text: str | bytes, *, file_name: str, types: SourceTypes) -> Client:
    """The client of one file; raises ``ClientFileErrors``. ``file_name`` is shown in them, its stem is the slug,
    and ``types`` are the sources it may name (``connectors/catalogue.py``).
    """
    return read_client(text, file_name=file_name, types=types).client


def read_client(text: str | bytes, *, file_name: str, types: SourceTypes) -> ParsedClient:
    """As ``parse_client``, with lines."""
    try:
        document = load_yaml(_decoded(text, file_name))
    except YamlFaults as error:
        raise ClientFileErrors(FileError(file_name, f.line, f.message) for f in error.faults) from None
    if document.data is None:
        message = f"is empty; okr init {PurePath(file_name).stem} writes one to begin with"
        raise ClientFileErrors([FileError(file_name, 1, message)])
    if not isinstance(document.data, dict):
        message = "must be a mapping that begins with client: and name:"
        raise ClientFileErrors([FileError(file_name, document.line(()), message)])
    parts = read_parts(document.data, types)
    found: list[tuple[Path, str]] = [*parts.faults, *_slug(parts, file_name)]
    found += [*rule_faults(parts), *initiative_faults(parts)]
    # of what is well nothing is told
    hide = _literals(document.data, secret_keys(types)) if found or document.faults else set()
    errors = [FileError(file_name, document.line(path), _without(hide, message)) for path, message in found]
    errors += [FileError(file_name, fault.line, _without(hide, fault.message)) for fault in document.faults]
    if errors or parts.header is None:
        raise ClientFileErrors(errors)
    return ParsedClient(client=_assemble(parts, parts.header.value), file=file_name, document=document, types=types)


def _decoded(text: str | bytes, file_name: str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8; save the file as UTF-8, so that å, ä and ö are read right"
        raise ClientFileErrors([FileError(file_name, line, message)]) from None


def _slug(parts: Parts, file_name: str) -> list[tuple[Path, str]]:
    stem = PurePath(file_name).stem
    written = parts.raw.get("client")
    if written == AGENCY:
        return [(("client",), f"{shown(written)} is the name of the exports over all clients; take another one")]
    if not isinstance(written, str) or written == stem or not _SLUG.fullmatch(written):
        return []
    if not _SLUG.fullmatch(stem):
        return [(("client",), f"the file's name {shown(stem)} must be made of a-z, 0-9 and _; rename it")]
    return [(("client",), f"{shown(written)} differs from the file's name; write client: {stem}, or rename the file")]


def _literals(value: object, keys: frozenset[str], *, is_secret: bool = False) -> set[str]:
    """Everything that stands where a secret should be named, so that no message can repeat it."""
    if isinstance(value, dict):
        if is_secret and set(value) in ({"env"}, {"file"}):
            return set()
        found = {str(key) for key in value} if is_secret and not keys & set(value) else set()
        return found.union(
            *(_literals(item, keys, is_secret=is_secret or key in keys) for key, item in value.items()), set()
        )
    if isinstance(value, list):
        return set().union(*(_literals(item, keys, is_secret=is_secret) for item in value))
    return {str(value)} if is_secret and value is not None else set()


def _without(literals: set[str], message: str) -> str:
    for literal in literals:
        if len(literal) >= 6 and literal in message:
            message = message.replace(literal, "(not shown)")
    return message


def _assemble(parts: Parts, header: Client) -> Client:
    return header.model_copy(
        update={
            "sources": tuple(part.value for part in parts.sources),
            "kpis": tuple(part.value for part in parts.kpis),
            "objectives": tuple(_objective(objective) for objective in parts.objectives),
            "initiatives": tuple(part.value for part in parts.initiatives),
        }
    )


def _objective(parts: ObjectiveParts) -> Objective:
    return parts.objective.value.model_copy(update={"key_results": tuple(part.value for part in parts.key_results)})

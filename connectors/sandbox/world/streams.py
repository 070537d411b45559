"""One independent random stream a purpose, so that adding to one part of the world changes no other."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the purpose only, the same on every machine."""
    digest = hashlib.sha256("/".join(map(str, (seed, *purpose))).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def token(seed: int, *purpose: str | int, length: int = 32) -> str:
    """A hexadecimal string that depends on the seed and the purpose only."""
    return hashlib.sha256("/".join(map(str, (seed, *purpose))).encode()).hexdigest()[:length]

"""What changed between two nights, and what moved it."""

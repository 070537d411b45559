"""A server that speaks the vendors' APIs over a simulated world of people, for tests and the demo; see docs/sandbox.md.

What belongs here: the world, the vendors' wire formats and faults. What does not: anything a connector uses against a
real vendor; no connector imports from here.
"""

"""The seeds that are tried at each ``make test``, chosen for what they cover (``tests/unit/test_torture_seeds.py``).

A seed that once failed is added here. What a seed's world has in it is decided in ``years.py``.
"""

ONE_CLIENT = (2, 9, 19)
TWO_CLIENTS = (3, 57)
WHOLE = (20,)
NIGHTS, NIGHTS_OF_THE_WHOLE = 12, 6
"""Of each seed, and then one or two by which all has settled."""

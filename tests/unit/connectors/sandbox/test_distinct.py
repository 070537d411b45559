"""Distinct numbers are those that numpy finds, in a narrow span and in a wide one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.world.distinct import distinct, distinct_by_group, renumbered

NUMBERS = st.one_of(
    st.lists(st.integers(-5, 40), max_size=60),
    st.lists(st.integers(0, 10**12), max_size=60),
    st.lists(st.integers(20_000, 20_900), min_size=1, max_size=400),
)


@settings(max_examples=100, deadline=None)
@given(NUMBERS)
def test_distinct_numbers_are_those_of_numpy(numbers: list[int]) -> None:
    values = np.array(numbers, dtype=np.int64)
    found, places = np.unique(values, return_inverse=True)
    assert distinct(values).tolist() == found.tolist()
    assert [part.tolist() for part in renumbered(values)] == [found.tolist(), places.tolist()]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 10**6)), max_size=80))
def test_each_group_counts_its_own(pairs: list[tuple[int, int]]) -> None:
    group, values = (np.array([pair[at] for pair in pairs], dtype=np.int64) for at in (0, 1))
    expected = [len({value for of, value in pairs if of == number}) for number in range(7)]
    assert distinct_by_group(group, values, groups=7).tolist() == expected


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64])
def test_a_column_of_any_width_is_told_apart(kind: type[np.signedinteger]) -> None:
    values = np.array([3, 1, 3, 120], dtype=kind)
    assert distinct(values).tolist() == [1, 3, 120]

"""In which order objectives and key results are listed: that of the client's file, the one of the night that is shown.

What belongs here: the order. What does not: reading rows (``published.py``).
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.exports.published import ClientStatus, KeyResultRow, ObjectiveRow
from pipelines.exports.reader import Reader

Place = tuple[int, str]


def in_file_order(status: ClientStatus, reader: Reader) -> ClientStatus:
    """As the client's file has them now; a past night as the file had them then, where that was kept.

    What the file no longer has comes last.
    """
    positions = [row.position for row in status.objectives] + [row.position for row in status.key_results]
    is_kept = status.is_past and None not in positions
    objectives = {objective.id: n for n, objective in enumerate(reader.objectives)}
    results = {
        (objective.id, result.id): n
        for objective in reader.objectives
        for n, result in enumerate(objective.key_results)
    }

    def of_objective(row: ObjectiveRow) -> Place:
        now = objectives.get(row.objective_id, len(objectives))
        return (row.position or 0) if is_kept else now, row.objective_id

    def of_key_result(row: KeyResultRow) -> tuple[Place, Place]:
        now = results.get((row.objective_id, row.key_result_id), len(results))
        own = (row.position or 0) if is_kept else now, row.key_result_id
        return ranks.get(row.objective_id, (len(objectives), row.objective_id)), own

    ranks = {row.objective_id: of_objective(row) for row in status.objectives}
    return replace(
        status,
        objectives=tuple(sorted(status.objectives, key=of_objective)),
        key_results=tuple(sorted(status.key_results, key=of_key_result)),
    )

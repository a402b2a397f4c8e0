"""Which persona each customer of an experiment has, noted when they come in and kept."""

from __future__ import annotations

from django.db import connection

PLACE = """
    UPDATE launchopt_experiments_assignment a
    SET segment_id = fresh.segment_id, is_placed = true
    FROM (
        SELECT n.id, p.segment_id
        FROM launchopt_experiments_assignment n
        LEFT JOIN launchopt_audiences_persona p ON p.customer_id = n.customer_id
        WHERE NOT n.is_placed
    ) fresh
    WHERE a.id = fresh.id
"""


def place_customers() -> int:
    """Note the personas of all who were assigned since the last time; gives how many.

    What a launch makes them do later changes personas, but not what they are compared as.
    """
    with connection.cursor() as cursor:
        cursor.execute(PLACE)
        return cursor.rowcount

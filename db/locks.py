"""The order of locks: first the student, then the verification, then what belongs to it.

Transactions that take them in this order cannot wait for each other in a circle. FOR NO KEY UPDATE lets those pass who
only refer to the row, as every insert below it does. What is to be read under a lock has to be read by a later
statement: one that waits for the lock sees other tables as they were before it waited.
"""

from db.engine import RetakeEngine
from db.sql import fetch

OF_VERIFICATION = "WHERE id = (SELECT student FROM verification WHERE id = {})"


async def lock_student(engine: RetakeEngine, verification_id: str) -> None:
    """Lock a verification's student, against changes of the student's other verifications."""
    await fetch(engine, f"SELECT 1 FROM student {OF_VERIFICATION} FOR NO KEY UPDATE", verification_id)  # noqa: S608  # a constant


async def lock_verification(engine: RetakeEngine, verification_id: str) -> None:
    """Lock a verification until the transaction ends."""
    await fetch(engine, "SELECT 1 FROM verification WHERE id = {} FOR NO KEY UPDATE", verification_id)

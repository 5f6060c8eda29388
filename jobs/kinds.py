"""What a kind of job is: what it does, how long it may take, and how often it is tried again."""

from collections.abc import Awaitable, Callable

import msgspec


class Job(msgspec.Struct, frozen=True):
    """One job at work. `payload` is JSON of ids; `tries` counts earlier runs that failed or were handed back.

    `age_seconds` have passed from the request for it to this run, by the database's clock.
    """

    job_id: int
    kind: str
    payload: bytes
    tries: int
    age_seconds: float


class Kind(msgspec.Struct, frozen=True):
    """`seconds` bounds one run. After a run that failed, the next comes after the pause of its number.

    When there is none left it is given up, or comes after the last one again where `is_given_up` is false.
    `run` has to be idempotent, and must write nothing once its job has gone to another worker.
    """

    name: str
    run: Callable[[Job], Awaitable[None]]
    seconds: float
    pauses: tuple[float, ...] = ()
    is_given_up: bool = True

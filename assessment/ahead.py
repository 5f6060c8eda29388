"""Sets that are written before anybody asks for them: which, for what, and what they took."""

import msgspec

from assessment.models import FormPlan

SECOND_THOUGHTS_SECONDS = 5.0  # after a change of the evidence, in which another change costs nothing


class AheadPlan(msgspec.Struct, frozen=True):
    """Which sets are written ahead, and what every set looks like."""

    first: bool = False
    retake: bool = False
    form: FormPlan = FormPlan()


class PreparedFor(msgspec.Struct, frozen=True):
    """What a prepared set rests on: the verification's revision, the last item its student was shown, and the form."""

    revision: int
    seen_upto: int
    form: FormPlan


class Making(msgspec.Struct, frozen=True):
    """What a set took that was written ahead, and for how long it is kept."""

    made_for: PreparedFor
    cost: float
    seconds: float
    keep_days: int

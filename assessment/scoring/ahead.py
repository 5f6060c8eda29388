"""Whether a set is worth writing before it is asked for."""

import msgspec

from assessment.ahead import AheadPlan
from assessment.models import SetState, Standing
from assessment.scoring.eligibility import next_calls


def is_wanted(plan: AheadPlan, standing: Standing) -> bool:
    """Tell whether the plan has a set written ahead for a verification that stands like this.

    A cool-down is time to write in. As many are begun as a student may have sets: what a browser can spend has an end,
    and requests have starts left.
    """
    if standing.set_state is SetState.ACTIVE or standing.starts.times >= standing.policy.sets_per_attempt:
        return False
    is_planned, call = (plan.retake, "retakeassessment") if standing.attempts else (plan.first, "generate")
    return is_planned and call in next_calls(msgspec.structs.replace(standing, cooling=0))

"""Use case: open a verification for one student, and a session for it."""

from assessment.credentials import SESSION_LIFETIME, PlatformAccess, digest, new_id, new_session_token
from assessment.deadline import Clock
from assessment.evidence import NewVerification, Opened, Opening
from assessment.ports import VerificationStore


async def open_verification(
    *, access: PlatformAccess, opening: Opening, store: VerificationStore, clock: Clock
) -> Opened:
    """Store what was sent, and give the token of a session of 40 days."""
    token = new_session_token(access.mode)
    new = NewVerification(
        verification_id=new_id("ver", access.mode),
        access=access,
        opening=opening,
        token_digest=digest(token),
        expires_at=clock.now() + SESSION_LIFETIME,
    )
    student_id = await store.open(new)
    return Opened(new.verification_id, student_id, token, new.expires_at)

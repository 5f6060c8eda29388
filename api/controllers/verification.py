"""The way to an assessment: open a verification, choose skills, method and source items."""

from litestar import Controller, get
from litestar.params import FromPath
from structlog.contextvars import bind_contextvars

from api import intake
from api.body import VERIFY_MAX_BYTES
from api.credential import public
from api.envelope import Success
from api.limits import verifications_of_key
from api.request import ApiRequest
from api.routes import documented_get, documented_put, repeatable_post
from api.schemas import (
    Accommodated,
    ItemsStored,
    MethodStored,
    SessionContents,
    SkillsStored,
    StoredCertificate,
    StoredExperience,
    StoredItems,
    StoredProject,
    StoredSkill,
    VerificationOpened,
)
from api.session_auth import by_api_key, by_session_token, by_token_in_body, by_token_in_path, naming_session
from assessment.credentials import SESSION_LIFETIME
from assessment.errors import Detail, MissingSessionToken, VerificationNotFound
from assessment.evidence import ItemRecord, Submission
from assessment.models import SourceKind
from assessment.notices import iso
from assessment.use_cases.attach import attach
from assessment.use_cases.choose_method import choose_method
from assessment.use_cases.choose_skills import choose_skills
from assessment.use_cases.open import open_verification


class VerificationController(Controller):
    """Steps 0 to 3."""

    @repeatable_post(
        "/verify",
        operation_id="verify",
        opt={"credential": by_api_key, "limit": verifications_of_key},
        request_max_body_size=VERIFY_MAX_BYTES,
    )
    async def verify(self, request: ApiRequest) -> Success[VerificationOpened]:
        """Open a verification for one student and get its session token."""
        private_webhooks = request.services.private_webhooks
        opening = intake.opening(await request.fields(), private_webhooks=private_webhooks)
        access = request.platform_access
        opened = await open_verification(
            access=access, opening=opening, store=request.services.verifications, clock=request.services.clock
        )
        bind_contextvars(verification_id=opened.verification_id)
        data = VerificationOpened(
            session_token=opened.session_token,
            record_verification_id=opened.verification_id,
            key_id=access.key_id,
            record_user_id=opened.student_id,
            external_student_id=opening.external_student_id,
            expires_in=int(SESSION_LIFETIME.total_seconds()),
            expires_at=iso(opened.expires_at),
        )
        return request.success(data, "Verification session created successfully")

    @repeatable_post("/step1/storeskills/store", operation_id="storeSkills", opt={"credential": by_session_token})
    async def store_skills(self, request: ApiRequest) -> Success[SkillsStored]:
        """Choose the skills to verify; what was stored before is replaced."""
        fields = await request.fields()
        intake.own_verification(fields, request.standing)
        intake.own_student(fields, request.standing)
        skills = intake.chosen_skills(fields)
        services = request.services
        await choose_skills(
            standing=request.standing, skills=skills, store=services.verifications, names=services.catalogue
        )
        stored = [StoredSkill(skill.skill_id, list(skill.proof_urls), len(skill.proof_urls)) for skill in skills]
        data = SkillsStored(request.standing.verification_id, stored, len(stored))
        return request.success(data, "Skill verifications replaced successfully")

    @repeatable_post(
        "/step2/verification-method", operation_id="storeVerificationMethod", opt={"credential": by_session_token}
    )
    async def store_method(self, request: ApiRequest) -> Success[MethodStored]:
        """Choose how the skills are verified; only `assessment` goes on in this service."""
        fields = await request.fields()
        intake.own_verification(fields, request.standing)
        method = intake.method(fields)
        verification_id = request.standing.verification_id
        await choose_method(verification_id=verification_id, method=method, store=request.services.verifications)
        data = MethodStored(verification_id, method.value)
        return request.success(data, "Verification method stored successfully")

    @documented_put(
        "/verifications/{record_verification_id:str}/accommodation",
        operation_id="accommodate",
        opt={"credential": by_api_key},
    )
    async def accommodate(self, request: ApiRequest, record_verification_id: FromPath[str]) -> Success[Accommodated]:
        """Give one student more time than the policy's limit."""
        factor = intake.time_factor(await request.fields())
        access, verifications = request.platform_access, request.services.verifications
        if not await verifications.accommodate(access, record_verification_id, factor, by=request.actor):
            raise VerificationNotFound
        data = Accommodated(record_verification_id, factor)
        return request.success(data, "Accommodation stored successfully")

    @get("/step3/store-verification-items/session", include_in_schema=False, opt={"credential": public})
    async def session_without_token(self) -> None:
        """Answer a path that ends where the token should begin."""
        raise MissingSessionToken(Detail("sessionToken", "is required"))

    @documented_get(
        "/step3/store-verification-items/session/{session_token:str}",
        operation_id="getSession",
        opt={"credential": by_token_in_path},
    )
    async def session_contents(self, request: ApiRequest) -> Success[SessionContents]:
        """Show what `/verify` received; the token in the path is the credential."""
        with naming_session():
            submission = await request.services.verifications.submission(request.standing.verification_id)
        return request.success(_contents(submission), "Session retrieved successfully")

    @repeatable_post(
        "/step3/store-verification-items/store",
        operation_id="storeVerificationItems",
        opt={"credential": by_token_in_body},
    )
    async def store_items(self, request: ApiRequest) -> Success[ItemsStored]:
        """Attach the source items that questions may draw on; items not named again are removed."""
        chosen = intake.chosen_items(await request.fields())
        standing, store = request.standing, request.services.verifications
        with naming_session():
            attached = await attach(verification_id=standing.verification_id, chosen=chosen, store=store)
        data = ItemsStored(standing.verification_id, standing.student_id, _stored(attached))
        return request.success(data, "Verification items synced successfully")


def _contents(submission: Submission) -> SessionContents:
    opening = submission.opening
    payloads = {kind: [item.payload for item in opening.items if item.kind is kind] for kind in SourceKind}
    return SessionContents(
        record_verification_id=submission.verification_id,
        record_user_id=submission.student_id,
        external_student_id=opening.external_student_id,
        callback_webhook_url=opening.callback_url,
        email=opening.person.email,
        phone_number=opening.person.phone_number,
        name=opening.person.name,
        projects=payloads[SourceKind.PROJECT],
        experience=payloads[SourceKind.EXPERIENCE],
        certificates=payloads[SourceKind.CERTIFICATE],
    )


def _stored(attached: list[ItemRecord]) -> StoredItems:
    def of(kind: SourceKind) -> list[ItemRecord]:
        return [item for item in attached if item.kind is kind]

    return StoredItems(
        projects=[
            StoredProject(item.record_id, item.external_id, item.payload["name"]) for item in of(SourceKind.PROJECT)
        ],
        experience=[
            StoredExperience(item.record_id, item.external_id, item.payload["role"], item.payload["companyName"])
            for item in of(SourceKind.EXPERIENCE)
        ],
        certificates=[
            StoredCertificate(item.record_id, item.external_id, item.payload["name"])
            for item in of(SourceKind.CERTIFICATE)
        ],
    )

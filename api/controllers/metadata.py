"""What a platform may know about the skills of one of its students."""

from litestar import Controller
from litestar.params import FromPath

from api.envelope import Success
from api.request import ApiRequest
from api.routes import documented_get
from api.schemas import SkillOfStudent
from api.session_auth import by_api_key
from assessment.models import SkillStatus
from assessment.notices import iso


class MetadataController(Controller):
    @documented_get(
        "/metadata/user/{record_user_id:str}", operation_id="getStudentSkills", opt={"credential": by_api_key}
    )
    async def skills_of_student(
        self, request: ApiRequest, record_user_id: FromPath[str]
    ) -> Success[list[SkillOfStudent]]:
        """List a student's skills, one row per verification and skill, newest first."""
        # an id of ours is plain text; NUL, for one, PostgreSQL would refuse even to look for
        wanted = record_user_id if record_user_id.isascii() and record_user_id.isprintable() else ""
        records = await request.services.verifications.skill_records(request.platform_access, wanted)
        data = [
            SkillOfStudent(
                skill_id=record.skill_id,
                skill_name=record.name,
                record_verification_id=record.verification_id,
                verified=record.status is SkillStatus.VERIFIED,
                status=record.status.value,
                proof_urls=list(record.proof_urls),
                created_at=iso(record.created_at),
            )
            for record in records
        ]
        return request.success(data, "Skills retrieved successfully")

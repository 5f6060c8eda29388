"""The skill catalogue: a public search, and the names that platforms give."""

from litestar import Controller
from litestar.params import FromPath, FromQuery

from api import intake
from api.credential import public
from api.envelope import Success
from api.limits import searches_of_address
from api.request import ApiRequest
from api.routes import documented_get, documented_put
from api.schemas import FoundSkill, NamedSkill, SkillPage
from api.session_auth import by_api_key
from assessment.errors import Detail, InvalidKeyword, InvalidPage

SHORTEST_KEYWORD = 3
LONGEST_KEYWORD = 100
LAST_PAGE = 5
PAGE_SIZE = 10


class SkillsController(Controller):
    @documented_get(
        "/skills/search", operation_id="searchSkills", opt={"credential": public, "limit": searches_of_address}
    )
    async def search_skills(
        self, request: ApiRequest, keyword: FromQuery[str | None] = None, page: FromQuery[str | None] = None
    ) -> Success[SkillPage]:
        """Find skills by a part of their name, ten per page."""
        wanted, number = _keyword(keyword), _page(page)
        found = await request.services.catalogue.search(wanted, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
        skills = [FoundSkill(skill.skill_id, skill.name) for skill in found]
        return request.success(SkillPage(skills, number, PAGE_SIZE, len(skills)), "Skills retrieved successfully")

    @documented_put("/skills/{skill_id:str}", operation_id="nameSkill", opt={"credential": by_api_key})
    async def name_skill(self, request: ApiRequest, skill_id: FromPath[str]) -> Success[NamedSkill]:
        """Name a skill for all verifications of the platform from now on."""
        skill = intake.named_skill(skill_id, await request.fields())
        await request.services.catalogue.name_own(request.platform_access.platform_id, skill)
        return request.success(NamedSkill(skill.skill_id, skill.name), "Skill named successfully")


def _keyword(text: str | None) -> str:
    keyword = (text or "").strip()
    fits = SHORTEST_KEYWORD <= len(keyword) <= LONGEST_KEYWORD and keyword.isprintable()
    if not fits or not any(character.isalnum() for character in keyword):
        reason = f"must have {SHORTEST_KEYWORD} to {LONGEST_KEYWORD} characters, a letter or digit among them"
        raise InvalidKeyword(Detail("keyword", reason))
    return keyword


def _page(text: str | None) -> int:
    if text is None:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= LAST_PAGE):
        raise InvalidPage(Detail("page", f"must be a number from 1 to {LAST_PAGE}"))
    return int(text)

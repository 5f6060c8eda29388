"""One controller per group of endpoints; each handler is one call of a use case."""

from api.controllers.assessment import AssessmentController
from api.controllers.deliveries import DeliveriesController
from api.controllers.health import HealthController
from api.controllers.index import IndexController
from api.controllers.metadata import MetadataController
from api.controllers.persons import PersonsController
from api.controllers.skills import SkillsController
from api.controllers.verification import VerificationController

CONTROLLERS = (
    VerificationController,
    AssessmentController,
    MetadataController,
    DeliveriesController,
    PersonsController,
    SkillsController,
)

__all__ = ("CONTROLLERS", "HealthController", "IndexController")

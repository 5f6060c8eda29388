"""What became of a platform's webhooks, and sending one again."""

from litestar import Controller
from litestar.params import FromPath

from api import intake
from api.envelope import Success
from api.request import ApiRequest
from api.routes import documented_get, repeatable_post
from api.schemas import Delivery, DeliveryPage
from api.session_auth import by_api_key
from assessment import notices
from assessment.errors import DeliveryNotFound
from assessment.notices import iso


class DeliveriesController(Controller):
    path = "/webhooks/deliveries"
    opt = {"credential": by_api_key}  # noqa: RUF012  # Litestar reads this class attribute as it is

    @documented_get("/", operation_id="listDeliveries")
    async def list_deliveries(self, request: ApiRequest) -> Success[DeliveryPage]:
        """List the webhooks of the platform, newest first."""
        filters, after = intake.delivery_filters(request.query_params)
        found, following = await request.services.deliveries.page(request.platform_access, filters, after)
        data = DeliveryPage([_told(delivery) for delivery in found], str(following) if following else None)
        return request.success(data, "Deliveries retrieved successfully")

    @repeatable_post("/{delivery_id:str}/replay", operation_id="replayDelivery")
    async def replay(self, request: ApiRequest, delivery_id: FromPath[str]) -> Success[Delivery]:
        """Send a webhook again under the same id."""
        await request.fields()
        found = await request.services.deliveries.replay(request.platform_access, delivery_id, by=request.actor)
        if found is None:
            raise DeliveryNotFound
        return request.success(_told(found), "Delivery will be sent again")


def _told(delivery: notices.Delivery) -> Delivery:
    return Delivery(
        delivery_id=delivery.delivery_id,
        event=delivery.event.value,
        record_verification_id=delivery.verification_id,
        state=delivery.state,
        tries=delivery.tries,
        last_status=delivery.last_status,
        last_reason=delivery.last_reason,
        created_at=iso(delivery.created_at),
        settled_at=iso(delivery.settled_at) if delivery.settled_at else None,
    )

"""How routes are declared: in the document, and every POST repeatable with an `Idempotency-Key`."""

from functools import partial

from litestar import get, post, put

from api.idempotency import IdempotencyMiddleware
from api.openapi import Documented

documented_get = partial(get, operation_class=Documented)
documented_put = partial(put, operation_class=Documented)
repeatable_post = partial(post, operation_class=Documented, status_code=200, middleware=[IdempotencyMiddleware()])

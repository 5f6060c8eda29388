"""litellm.Router as Failover Bench's own adapter sets it up: two retries, 30 s, a fallback; all else is its default."""

from typing import Any

from bench.chaos import router as chaos

# isort: split
import openai
from litellm.router import Router

from bench.chaos.ours import KEY
from bench.failover.contestants import ATTEMPT_SECONDS, Answer
from bench.failover.faults import SOUND
from bench.failover.scoring import Ended

RETRIES = 2


class ByRouter:
    """One call asks for ten items; Retake's own rules judge the text that comes."""

    def __init__(self, room: str, primary: str, fallback: str) -> None:
        to_fallback = [{"primary": ["fallback"]}]
        self._router = Router(
            model_list=[_deployment("primary", primary, room), _deployment("fallback", fallback, room)],
            fallbacks=to_fallback,
            context_window_fallbacks=to_fallback,
            num_retries=RETRIES,
            timeout=ATTEMPT_SECONDS,
        )
        self._sound = Router(
            model_list=[_deployment("primary", SOUND, room)], num_retries=RETRIES, timeout=ATTEMPT_SECONDS
        )

    async def ask(self, seconds: float) -> Answer:  # noqa: ARG002 - it has no deadline over its retries
        """Ask the primary, with its fallback."""
        return await _ask(self._router)

    async def probe(self, seconds: float) -> Answer:  # noqa: ARG002 - as above
        """Ask the vendor that is always sound."""
        return await _ask(self._sound)


def _deployment(name: str, model: str, room: str) -> dict[str, Any]:
    parameters = {"model": f"openai/{model}", "api_base": f"{room}/v1", "api_key": KEY["CHAOS_KEY"]}
    return {"model_name": name, "litellm_params": parameters}


async def _ask(router: Router) -> Answer:
    parts: list[str] = []
    model, says_usage = "", False
    try:
        chunks: Any = await router.acompletion(
            "primary", stream=True, stream_options={"include_usage": True}, **chaos.asking()
        )
        async for chunk in chunks:
            model = chunk.model or model
            says_usage = says_usage or getattr(chunk, "usage", None) is not None
            parts += [choice.delta.content or "" for choice in chunk.choices]
    except openai.OpenAIError as error:
        return Answer(Ended.ERROR, note=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - it raises whatever its adapters raise, and all of it is an error to its caller
        return Answer(Ended.ERROR, note=type(error).__name__)
    return Answer(Ended.SUCCESS, chaos.accepted("".join(parts)), (model,), says_usage=says_usage)

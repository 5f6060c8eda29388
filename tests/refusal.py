"""What every refusal has to look like."""

import httpx


def refused(answer: httpx.Response) -> str:
    """The code of a refusal that is told as the document says."""
    error = answer.json()["error"]
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["success"] is False
    assert error["requestId"] == answer.headers["x-request-id"]
    return str(error["code"])

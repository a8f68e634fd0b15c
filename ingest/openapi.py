"""Write the OpenAPI 3.1 document of the webhook out of the tables that the handler works by."""

from collections import defaultdict
from importlib.metadata import version
from typing import Any, Final

from ingest.operations import OPERATIONS, PATH, Operation, Success
from ingest.problems import MEDIA_TYPE, PROBLEMS, Problem
from ingest.settings import AuthName
from schemas.settings import Address

Document = dict[str, Any]

_PROBLEM_SCHEMA: Final[Document] = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string", "enum": sorted(problem.type_uri for problem in PROBLEMS.values())},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}
_HEADERS: Final[dict[int, tuple[str, str]]] = {
    401: ("WWW-Authenticate", "How the sender is to show who it is"),
    405: ("Allow", "The methods that are served"),
    503: ("Retry-After", "After how many seconds to send it again"),
}
_CHALLENGE_PARAMETER: Final[Document] = {
    "name": "challenge",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}


def document(auth: AuthName, listen: Address) -> Document:
    """Return the document of a server that knows its senders in this way and listens there."""
    made: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "flowrun ingest",
            "version": version("flowrun"),
            "description": "Notifications over HTTP into Kafka. What is not answered 2xx is not claimed.",
        },
        "servers": [{"url": f"http://{listen}"}],
        "paths": {PATH: {name.lower(): _operation(each, auth) for name, each in OPERATIONS.items()}},
        "components": {"schemas": {"Problem": _PROBLEM_SCHEMA}, "securitySchemes": {}},
    }
    if auth == "token":
        made["components"]["securitySchemes"]["token"] = {"type": "http", "scheme": "bearer"}
    return made


def _operation(operation: Operation, auth: AuthName) -> Document:
    responses: Document = {str(success.status): _success(success) for success in operation.successes}
    by_status: defaultdict[int, list[Problem]] = defaultdict(list)
    for refusal in operation.refusals:
        by_status[int(PROBLEMS[refusal].status)].append(PROBLEMS[refusal])
    responses |= {str(status): _refusal(status, problems) for status, problems in sorted(by_status.items())}
    made: Document = {"operationId": operation.method.lower(), "summary": operation.summary, "responses": responses}
    if operation.method == "GET":
        return made | {"parameters": [_CHALLENGE_PARAMETER]}
    if auth == "token":
        made["security"] = [{"token": []}]
    anything: Document = {"description": "A notification or an array of them; any bytes are stored as they are"}
    return made | {"requestBody": {"required": False, "content": {"application/json": {"schema": anything}}}}


def _success(success: Success) -> Document:
    made: Document = {"description": success.meaning}
    if success.bodies:
        made["content"] = {media: {"schema": schema} for media, schema in success.bodies.items()}
    return made


def _refusal(status: int, problems: list[Problem]) -> Document:
    names = ", ".join(f"`{problem.name}`" for problem in problems)
    made: Document = {
        "description": f"One of the problems {names}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in _HEADERS:
        name, meaning = _HEADERS[status]
        made["headers"] = {name: {"description": meaning, "required": True, "schema": {"type": "string"}}}
    return made

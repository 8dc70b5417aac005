"""Routes below /_fargatedirect/ by which tests steer and observe the emulator."""

from localstack.http import Request, Response
from localstack.services.edge import ROUTER


def add_routes(routes: list[tuple]):
    """Registers routes with LocalStack's gateway: (path, handler, method) each."""
    for path, handler, method in routes:
        ROUTER.add(f"/_fargatedirect/{path}", handler, methods=[method])


def routes() -> list[tuple]:
    """The routes that are there from the start."""
    return [("health", health, "GET")]


def health(request: Request) -> Response:
    """Tells that the extension is there."""
    return Response.for_json({"extension": "fargatedirect"})

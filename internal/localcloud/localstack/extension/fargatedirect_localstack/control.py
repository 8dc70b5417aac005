"""Routes below /_fargatedirect/ by which tests steer and observe the emulator."""

from localstack.http import Request, Response
from localstack.services.edge import ROUTER


def add_routes():
    """Registers all routes with LocalStack's gateway."""
    ROUTER.add("/_fargatedirect/health", health, methods=["GET"])


def health(request: Request) -> Response:
    """Tells that the extension is there."""
    return Response.for_json({"extension": "fargatedirect"})

"""Django: `uvicorn django_app:app`. Its settings are here; a project has them in settings.py."""

from backend import central, connected, reset
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1", "localhost"])


@require_GET
async def charge_points(request):
    return JsonResponse(connected())


@csrf_exempt  # an API: guard it by tokens
@require_POST
async def reset_one(request, identity):
    if identity not in central.peers:
        return JsonResponse({"detail": f"{identity} is not connected"}, status=404)
    return JsonResponse({"status": await reset(identity)})


urlpatterns = [
    path("charge-points", charge_points),
    path("charge-points/<str:identity>/reset", reset_one),
]

django = get_asgi_application()
ocpp = central.asgi(json="/ocpp", soap="/ocpp")


async def app(scope, receive, send):
    """Share the server out: OCPP below /ocpp, Django the rest."""
    # Django speaks HTTP alone, and leaves the server's start and stop to whoever wants them.
    is_ours = scope["type"] in {"lifespan", "websocket"} or scope["path"].startswith("/ocpp")
    await (ocpp if is_ours else django)(scope, receive, send)

"""Headers on every answer, bounded query strings, and a clear 503 when the database is away."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render

GetResponse = Callable[[HttpRequest], HttpResponse]
logger = logging.getLogger("preflight.web")

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    )
)
QUERY_LIMIT = 4096


class ResponseHeadersMiddleware:
    """Pages are private and never stored by a cache; nothing on them may use a sensor or a payment."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


class CleanQueryMiddleware:
    """A NUL, a lone surrogate or an over-long query string is refused before a view or the database meets it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if len(query) > QUERY_LIMIT:
            return HttpResponseBadRequest("The address is too long: at most 4,096 characters after the question mark.")
        values = [text for name in request.GET for text in (name, *request.GET.getlist(name))]
        if any("\x00" in text or "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text) for text in values):
            return HttpResponseBadRequest("The address holds a character that cannot be used.")
        if "\x00" in request.path:
            return HttpResponseBadRequest("The address holds a character that cannot be used.")
        return self.get_response(request)


class ServiceUnavailableMiddleware:
    """Turns a lost or busy database into a 503 that says that nothing was saved."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, (OperationalError, InterfaceError)):
            return None
        logger.error("The database did not answer on %s: %s", request.path, exception)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "5"
        return response


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks. It gets a status it can act on instead of a page."""
    return request.headers.get("Accept", "").startswith("application/json")


class SignInMiddleware(LoginRequiredMiddleware):
    """Everything needs a signed-in person, but for the views that opt out. A script is told so with 401."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        refusal = super().process_view(request, view_func, view_args, view_kwargs)
        if refusal is not None and wants_json(request):
            return JsonResponse({"error": "You are signed out."}, status=401)
        return refusal

"""Headers on every answer, bounded query strings, and signing in before everything else."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from api.problems import Problem, problem_response
from assessor.uploads import unreadable_part

GetResponse = Callable[[HttpRequest], HttpResponse]

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
        refused = problem if is_interface(request) else sentence
        query = request.META.get("QUERY_STRING", "")
        if len(query) > QUERY_LIMIT:
            return refused("The address is too long: at most 4,096 characters after the question mark.", 400)
        values = [text for name in request.GET for text in (name, *request.GET.getlist(name))]
        if any("\x00" in text or "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text) for text in values):
            return refused("The address holds a character that cannot be used.", 400)
        if "\x00" in request.path:
            return refused("The address holds a character that cannot be used.", 400)
        if request.method == "POST" and not is_interface(request) and (field := unreadable_field(request)) is not None:
            words = f"{field}: this is not readable text (UTF-8). Nothing was saved."
            if wants_json(request):
                return JsonResponse({"error": words}, status=422)
            return refused(words, 422)
        return self.get_response(request)


def is_interface(request: HttpRequest) -> bool:
    """Whether a program asks, which gets problem details for every refusal."""
    return request.path.startswith("/api/v")


def sentence(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def problem(words: str, status: int) -> HttpResponse:
    return problem_response(Problem(status, "bad_request" if status == 400 else "refused", words))


def unreadable_field(request: HttpRequest) -> str | None:
    """The field of a posted form whose bytes are not UTF-8, or "Form" for another character set. None if all are.

    Django puts U+FFFD for every broken byte, so that what is stored would not be what was sent. Other character sets
    can smuggle in lone surrogates, which no page can show again.
    """
    if (request.content_params or {}).get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return "Form"
    if request.content_type == "multipart/form-data":
        return unreadable_part(request)
    body = request.body
    if request.content_type == "application/x-www-form-urlencoded":
        body = unquote_to_bytes(body)
    try:
        body.decode()
    except UnicodeDecodeError:
        broken = [name for name in request.POST if any("\ufffd" in text for text in request.POST.getlist(name))]
        return broken[0] if broken and "\ufffd" not in broken[0] else "Form"
    return None


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

"""The OpenAPI document, and the page that explains it."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.links import absolute_url
from accounts.roles import SCOPE_MEANS
from api.idempotency import KEPT_FOR
from api.models import KEY_LIMIT
from api.pages import LIMIT, MOST
from api.problem_advice import ADVICE
from api.reference import Reference, read_reference
from api.schema import released_document
from transfers.document import DEPTH_LIMIT


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The same for everybody; it says nothing of what is stored here."""
    return JsonResponse(released_document(), json_dumps_params={"ensure_ascii": False})


@login_not_required
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "api/reference.html",
        {
            "site": absolute_url(request, "/").rstrip("/"),
            "reference": released_reference(),
            "operations": operations_part(),
            "scopes": SCOPE_MEANS,
            "problems": ADVICE,
            "limit": LIMIT,
            "most": MOST,
            "a_minute": settings.API_REQUESTS_A_MINUTE,
            "key_limit": KEY_LIMIT,
            "hours": int(KEPT_FOR.total_seconds() // 3600),
            "depth": DEPTH_LIMIT,
            "bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        },
    )


@lru_cache(maxsize=1)
def released_reference() -> Reference:
    return read_reference(released_document())


@lru_cache(maxsize=1)
def operations_part() -> SafeString:
    """The greater part of the page, the same for everybody. Made once in a process: anybody may ask for it."""
    return render_to_string("api/_operations.html", {"reference": released_reference()})

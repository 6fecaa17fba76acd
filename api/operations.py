"""What every operation has in common: its place in the schema, refused parameters, one effect per key, ETags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpResponseBase
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit
from accounts.models import ApiToken
from accounts.roles import SCOPE_ALLOWS, Permission
from api.access import ORGANISATION, acting_with, project_of
from api.fields import Body
from api.idempotency import once
from api.problems import Problem, refused

Method = TypeVar("Method", bound=Callable[..., HttpResponseBase])
TOKEN_NAMES = frozenset({"token", "access_token", "api_key", "key", "authorization", "bearer", "secret"})
TAGS = {"share_links": "share links", "transfers": "exports and imports"}
PORTION = (
    OpenApiParameter("limit", int, description="How many items, 1 to 200. 50 without it."),
    OpenApiParameter("cursor", str, description="Where to go on: taken from `next` of the answer before."),
)


OF_ORGANISATION = OpenApiParameter(
    ORGANISATION,
    int,
    description="Which organisation. Without it that of the token, or the one that is chosen on the pages.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what you saw. Another one is 412, and nothing is stored.",
)


class Endpoint(APIView):
    """One address. Each method is an operation."""

    http_method_names: Sequence[str] = ("get", "head", "post", "put", "patch", "delete")
    limit_headers: Mapping[str, str] = {}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with audit.one_request():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.headers.get("Transfer-Encoding"):
            # The server hands a body on by its length alone, so that one without a length would be taken for none.
            raise Problem(411, "no_length", "Content-Length: send the length of the body; chunks are not taken.")
        super().initial(request, *args, **kwargs)
        if isinstance(request.auth, ApiToken):
            audit.name_token(request.auth.name)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.limit_headers.items():
            response.headers[name] = value
        response.headers.pop("Vary", None)
        return response


def operation(
    name: str,
    summary: str,
    *,
    needs: Permission | tuple[Permission, ...] = (),
    takes: type[Body] | dict[str, Any] | None = None,
    returns: Any = None,
    status: int = 200,
    query: Sequence[OpenApiParameter] = (),
    also: Sequence[int] = (),
) -> Callable[[Method], Method]:
    """Marks a method as the operation `name` of the schema. `also` are statuses beside those that every operation has.

    `needs` is said in the schema as the scopes of which one allows it; the operation's first line checks it.
    """
    wanted = {needs} if isinstance(needs, Permission) else set(needs)
    scopes = [scope for scope, allowed in SCOPE_ALLOWS.items() if wanted & allowed]
    known = {parameter.name for parameter in query if parameter.location == OpenApiParameter.QUERY}

    def decorate(method: Method) -> Method:
        @wraps(method)
        def run(self: Endpoint, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refuse_unknown(request, known)
            if request.method not in {"GET", "HEAD"} and takes is None and has_body(request):
                raise refused("body", "body: this operation takes none.")
            if request.method == "POST":
                return once(
                    request,
                    lambda: method(self, request, *args, **kwargs),  # type: ignore[arg-type, return-value]
                    lambda: authorise(request, needs, kwargs),
                )
            answer = method(self, request, *args, **kwargs)
            return with_etag(request, answer) if request.method in {"GET", "HEAD"} else answer

        described: Any = extend_schema(
            operation_id=name,
            summary=summary,
            tags=[TAGS.get(room := method.__module__.rpartition(".")[2], room)],
            request={"application/json": takes} if isinstance(takes, dict) else takes,
            responses=returns if isinstance(returns, dict) else {status: returns},
            parameters=list(query),
            extensions={"x-scopes": scopes, "x-statuses": [str(one) for one in also]},
        )(run)
        return described  # type: ignore[no-any-return]

    return decorate


def authorise(request: Request, needs: Permission | tuple[Permission, ...], parts: Mapping[str, Any]) -> None:
    """Raises for who may not do this, before an answer of before is given again."""
    for permission in (needs,) if isinstance(needs, Permission) else needs:
        if "slug" in parts:
            project_of(request, parts["slug"], permission)
        else:
            acting_with(request, permission)


def list_of(item: type[serializers.BaseSerializer[Any]], name: str = "") -> type[serializers.Serializer[Any]]:
    """The shape of a portion: `items`, and `next` for going on."""
    return type(
        name or f"{item.__name__}List",
        (serializers.Serializer,),
        {
            "items": item(many=True, help_text="Those of this portion."),
            "next": serializers.CharField(
                allow_null=True, help_text="The address of the next portion, null after the last one."
            ),
        },
    )


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Nothing in the address is ignored in silence. Raises Problem."""
    for name in request.query_params:
        if name in known:
            if len(request.query_params.getlist(name)) > 1:
                raise refused(name, f"{name[:60]}: given twice.")
            continue
        if name.lower() in TOKEN_NAMES:
            sentence = f"{name}: a token belongs in the header Authorization. Addresses are logged, so revoke this one."
        else:
            sentence = f"{name[:60]}: there is no such parameter here."
            if known:
                sentence += f" Known: {', '.join(sorted(known))}."
        raise refused(name[:60], sentence)


def read_body(request: Request, shape: type[Body], *, partial: bool = False) -> dict[str, Any]:
    """The validated body. Raises ValidationError."""
    reader = shape(data=request.data if has_body(request) else {}, partial=partial)
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


def has_body(request: Request) -> bool:
    data: Any = request.data
    return data is not None and data not in ("", {})


def etag_of(data: Any) -> str:
    """A strong ETag of what is answered."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def with_etag(request: Request, answer: HttpResponseBase) -> HttpResponseBase:
    """The answer with its ETag, or 304 for a caller that has it already."""
    if answer.status_code != 200 or not isinstance(answer, Response):
        return answer
    etag = answer.headers.get("ETag") or etag_of(answer.data)
    answer.headers["ETag"] = etag
    held = parse_etags(request.headers.get("If-None-Match", ""))
    if etag in held or f"W/{etag}" in held or held == ["*"]:
        return Response(status=304, headers={"ETag": etag})
    return answer


def check_match(request: Request, etag: str, **stored: Any) -> None:
    """Raises Problem 412 when the request is about another state than the one that is there."""
    header = request.headers.get("If-Match")
    if header is not None and header.strip() != "*" and etag not in parse_etags(header):
        raise Problem(412, "stale", "If-Match: this is no longer what is stored.", more=stored, headers={"ETag": etag})

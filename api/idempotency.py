"""One effect for one key: a POST that is sent again with the same `Idempotency-Key` gets the first answer again.

The key is kept in the same transaction as the effect. So there is no moment at which one of the two exists without
the other, and a second request at the same time waits for the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import acting_of
from api.models import KEY_LIMIT, AnsweredRequest
from api.problems import Problem

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
REPLAYED = "Idempotency-Replayed"


def read_key(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if len(key) > KEY_LIMIT or not key.isascii() or not key.isprintable():
        sentence = f"{HEADER}: at most {KEY_LIMIT} printable ASCII characters."
        raise Problem(400, "bad_request", sentence, ((HEADER, sentence),))
    return key.strip()


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Runs `act`, or gives the answer that it gave before. Refusals are not kept, so they can be mended and sent again.

    Raises Problem for a key that came with another request.
    """
    key = read_key(request)
    if not key:
        return act()
    actor, fingerprint = acting_of(request).key, _fingerprint(request)
    seen = AnsweredRequest.objects.filter(actor=actor, key=key)
    with transaction.atomic():
        AnsweredRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()
        try:
            with transaction.atomic():
                row = AnsweredRequest.objects.create(actor=actor, key=key, fingerprint=fingerprint, status=0)
        except IntegrityError:
            return _again(seen.get(), fingerprint)
        response = act()
        row.status = response.status_code
        row.answer = {name: value for name, value in dict(response.data or {}).items() if name not in SECRETS}
        row.location = response.headers.get("Location", "")
        row.save(update_fields=["status", "answer", "location"])
    return response


SECRETS = frozenset({"address"})
"""Members of an answer that are given once and never stored."""


def _again(row: AnsweredRequest, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        sentence = f"{HEADER}: this key came with another request before. Take a new one."
        raise Problem(422, "key_reused", sentence, ((HEADER, sentence),))
    headers = {REPLAYED: "true"} | ({"Location": row.location} if row.location else {})
    return Response(row.answer, status=row.status, headers=headers)


def _fingerprint(request: Request) -> str:
    body: Any = request.data
    text = json.dumps([request.method, request.get_full_path(), body], sort_keys=True, ensure_ascii=False, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()

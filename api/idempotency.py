"""One effect for one key: a POST that is sent again with the same `Idempotency-Key` gets the first answer again.

The key is kept in the same transaction as the effect. So there is no moment at which one of the two exists without
the other, and a second request at the same time waits for the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import acting_of
from api.models import KEY_LIMIT, AnsweredRequest
from api.problems import Problem

HEADER = "Idempotency-Key"
_KEY = re.compile(rf"[!-~]{{1,{KEY_LIMIT}}}", re.ASCII)
KEPT_FOR = timedelta(hours=24)
REPLAYED = "Idempotency-Replayed"


def read_key(request: Request) -> str:
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        sentence = f"{HEADER}: 1 to {KEY_LIMIT} printable ASCII characters without blanks."
        raise Problem(400, "bad_request", sentence, ((HEADER, sentence),))
    return key


def once(request: Request, act: Callable[[], Response], authorise: Callable[[], object]) -> Response:
    """Runs `act`, or gives the answer that it gave before. Refusals are not kept, so they can be mended and sent again.

    `authorise` raises for who may not do this any more: an old answer is theirs no longer. Raises Problem for a key
    that came with another request.
    """
    key = read_key(request)
    if not key:
        return act()
    authorise()
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
    head = json.dumps([request.method, request.get_full_path()]).encode()
    data = body if isinstance(body, bytes) else json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    # Keyed, because a body may hold a passphrase that nobody shall guess from this.
    return salted_hmac("preflight.api.idempotency", head + b"\n" + data, algorithm="sha256").hexdigest()

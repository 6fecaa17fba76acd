"""How much one actor may ask for in a time, said in the headers of every answer."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiToken
from api.counting import count_up
from api.problems import Problem

MINUTE, HOUR = 60, 3600


class RequestLimit(BaseThrottle):
    """Requests a minute, for each token or person. The setting 0 turns it off."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = settings.API_REQUESTS_A_MINUTE
        if not limit:
            return True
        now = int(time.time())
        key = f"token:{request.auth.pk}" if isinstance(request.auth, ApiToken) else f"user:{request.user.pk}"
        count = count_up(key, window=now // MINUTE, seconds=MINUTE)
        left = MINUTE - now % MINUTE
        view.limit_headers = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(limit - count, 0)),
            "RateLimit-Reset": str(left),
        }
        if count > limit:
            sentence = f"At most {limit:,} requests a minute. Ask again in {left} s."
            raise Problem(429, "too_many", sentence, headers={"Retry-After": str(left)})
        return True


def take_one(key: str, *, what: str, limit: int) -> None:
    """Counts something costly. Raises Problem when there were more than `limit` in this hour."""
    now = int(time.time())
    if count_up(f"{what}:{key}", window=now // HOUR, seconds=HOUR) > limit:
        left = HOUR - now % HOUR
        sentence = f"At most {limit} {what} an hour. Ask again in {left // 60 + 1} minutes."
        raise Problem(429, "too_many", sentence, headers={"Retry-After": str(left)})

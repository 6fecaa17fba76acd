"""From errors that an operation raised to problem details."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import AccountsError
from accounts.texts import TextRefused
from api.problems import MEDIA_TYPE, TITLES, Problem, body_of
from assessments.errors import AnswerError, AssessmentClosed, AssessmentStillOpen, TooManyProposals
from projects.services import OutcomeRecorded
from reports.services import ReportRefused, TooManyReports

logger = logging.getLogger("preflight.api")

WAIT_SECONDS = "5"


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an error that a view raised. None for what is a fault of ours."""
    problem = problem_of(error)
    if problem is None:
        return None
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.error("The database did not answer: %s", error)
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body_of(problem), status=problem.status, content_type=MEDIA_TYPE, headers=headers)


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error stands for, None for one that nobody expected."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        errors = tuple(flatten(error.detail))
        return Problem(422, "refused", errors[0][1] if errors else TITLES["refused"], errors)
    for kinds, status, kind in _STATUS:
        if isinstance(error, kinds):
            return Problem(status, kind, _sentence(error, kind), headers=_headers(error))
    if isinstance(error, (AnswerError, AccountsError, TextRefused, ReportRefused)):
        sentence = str(error)
        return Problem(422, "refused", sentence, ((_field(sentence), sentence),))
    return None


_STATUS: tuple[tuple[tuple[type[Exception], ...], int, str], ...] = (
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), 401, "not_signed_in"),
    ((PermissionDenied, exceptions.PermissionDenied), 403, "not_allowed"),
    ((Http404, exceptions.NotFound), 404, "not_found"),
    ((exceptions.MethodNotAllowed,), 405, "wrong_method"),
    ((exceptions.UnsupportedMediaType,), 415, "wrong_media_type"),
    ((TooManyReports,), 429, "too_many"),
    ((RequestDataTooBig,), 413, "too_large"),
    ((exceptions.ParseError,), 400, "bad_request"),
    ((AssessmentStillOpen, OutcomeRecorded, TooManyProposals), 409, "conflict"),
    ((AssessmentClosed,), 409, "closed"),
    ((OperationalError, InterfaceError), 503, "unavailable"),
)


def _sentence(error: Exception, kind: str) -> str:
    if isinstance(error, (OperationalError, InterfaceError, Http404)):
        return TITLES[kind]
    if isinstance(error, exceptions.APIException):
        return str(error.detail)
    return str(error) or TITLES[kind]


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, exceptions.MethodNotAllowed):
        return {}
    if isinstance(error, (OperationalError, InterfaceError)):
        return {"Retry-After": WAIT_SECONDS}
    return {}


_FIELDS = {"answer": "level", "evidence_link": "evidence_url"}
"""What the pages call otherwise than the interface."""


def _field(sentence: str) -> str:
    """Sentences of the services begin with the field's name: "Note: at most 4,000 characters"."""
    words, colon, _ = sentence.partition(":")
    name = words.strip().lower().replace(" ", "_") if colon and len(words) < 40 else ""
    return _FIELDS.get(name, name)


def flatten(detail: Any, place: str = "") -> list[tuple[str, str]]:
    """The nested errors of a serializer as pairs: ("tags[2]", "at most 40 characters")."""
    if isinstance(detail, Mapping):
        found = []
        for name, inner in detail.items():
            below = f"{place}[{name}]" if isinstance(name, int) else f"{place}.{name}" if place else str(name)
            found += flatten(inner, place if name == "non_field_errors" else below)
        return found
    if isinstance(detail, (list, tuple)):
        found = []
        for number, inner in enumerate(cast("Sequence[Any]", detail)):
            if isinstance(inner, (Mapping, list, tuple)):
                if inner:
                    found += flatten(inner, f"{place}[{number}]")
            else:
                found.append((place, str(inner)))
        return found
    return [(place, str(detail))]

"""Requests that were answered, so that asking again with the same key does nothing a second time."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

KEY_LIMIT = 128


class AnsweredRequest(models.Model):
    """The answer to a POST that carried an idempotency key. Written in the transaction of what it did.

    `actor` is a token or a person, `fingerprint` the hash of method, path and body. Secrets are not in `answer`.
    """

    actor = models.CharField(max_length=40)
    key = models.CharField(max_length=KEY_LIMIT)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField(null=True)
    location = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=("actor", "key"), name="one_answer_per_key"),)
        indexes = (models.Index(fields=("at",), name="answered_at"),)

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"

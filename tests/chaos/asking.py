"""A program: makes snapshots, or asks for their reports as a browser would, in a process with the site's settings."""
# ruff: noqa: E402 - the settings come before the models

from __future__ import annotations

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assessor.settings")
django.setup()

from django.test import Client
from django.urls import reverse

from accounts.models import User
from assessments.models import Snapshot
from tests.make import answer_all, make_assessment, make_member, make_organisation, make_project, make_snapshot


def make(count: int) -> None:
    organisation = make_organisation("North")
    owner = make_member(organisation, "owner")
    assessment = make_assessment(make_project(organisation, owner, stage="idea"), owner)
    answer_all(assessment, owner)
    for number in range(count):
        make_snapshot(assessment, owner, label=f"Review {number + 1}")


def ask(count: int) -> list[dict[str, object]]:
    """Asks for the reports of the first snapshots. Status and seconds of each request."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get())
    answers: list[dict[str, object]] = []
    for snapshot in Snapshot.objects.select_related("project").order_by("number")[:count]:
        started = time.monotonic()
        answer = client.post(reverse("reports:create", args=[snapshot.project.slug, snapshot.public_id]))
        answers.append({"status": answer.status_code, "seconds": time.monotonic() - started})
    return answers


if __name__ == "__main__":
    task, number = sys.argv[1], int(sys.argv[2])
    if task == "make":
        make(number)
    else:
        sys.stdout.write(json.dumps(ask(number)))

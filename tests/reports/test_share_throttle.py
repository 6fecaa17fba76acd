"""A shared result: five tries at its passphrase in ten minutes, what counts as an opening, and what its page says."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from assessments.models import Assessment, Snapshot
from assessments.snapshots import take_snapshot
from reports import public
from reports.models import Report, ReportState, ShareLink
from reports.services import (
    PASSPHRASE_TRIES,
    ReportContent,
    ShareTerms,
    create_share_link,
    forget_tries,
    take_try,
)
from tests.make import AT, make_assessment, make_member, make_organisation, make_project, make_snapshot

PASSPHRASE = "a long passphrase"
WAIT = "Too many tries. Wait ten minutes and try again."


def share(
    snapshot: Snapshot, by: User, *, notes: bool = False, passphrase: str = "", with_pdf: bool = False
) -> tuple[ShareLink, str]:
    content = ReportContent(names=False, notes=notes, evidence=False)
    terms = ShareTerms("Steering committee", 30, content, passphrase, with_pdf)
    return create_share_link(snapshot=snapshot, terms=terms, by=by, at=timezone.now())


@pytest.fixture
def snapshot(assessment: Assessment, owner: User) -> Snapshot:
    return take_snapshot(
        assessment=assessment,
        label="Gate review",
        note="Only for the team",
        decision="Go live in May?",
        by=owner,
        at=AT,
    )


@pytest.fixture
def locked(snapshot: Snapshot, owner: User) -> tuple[ShareLink, str]:
    return share(snapshot, owner, passphrase=PASSPHRASE)


@pytest.fixture
def link(locked: tuple[ShareLink, str], client: Client) -> ShareLink:
    """A locked link whose token was exchanged already."""
    made, token = locked
    assert client.get(f"/s/{token}/").status_code == 303
    return made


def attempt(client: Client, link: ShareLink, words: str = "not this one") -> HttpResponse:
    answer = client.post(f"/shared/{link.public_id}/", {"passphrase": words})
    assert isinstance(answer, HttpResponse)
    return answer


def set_back(link: ShareLink, **ago: float) -> None:
    ShareLink.objects.filter(pk=link.pk).update(tries_since=Now() - timedelta(**ago))


def test_five_tries_and_no_more(link: ShareLink, client: Client) -> None:
    assert [attempt(client, link).status_code for _ in range(5)] == [422] * 5
    refused = attempt(client, link, PASSPHRASE)
    assert refused.status_code == 429
    assert WAIT in refused.content.decode()
    # Another browser with the same link has no more tries than this one.
    assert attempt(client, link, PASSPHRASE).status_code == 429
    assert client.get(f"/shared/{link.public_id}/").status_code == 200, "the form is still shown"


def test_after_ten_minutes(link: ShareLink, client: Client) -> None:
    for _ in range(5):
        attempt(client, link)
    set_back(link, minutes=9, seconds=50)
    assert attempt(client, link, PASSPHRASE).status_code == 429
    set_back(link, minutes=10, seconds=1)
    assert attempt(client, link, PASSPHRASE).status_code == 302
    assert "Gate review" in client.get(f"/shared/{link.public_id}/").content.decode()


def test_a_refused_try_does_not_extend_the_wait(link: ShareLink, client: Client) -> None:
    for _ in range(5):
        attempt(client, link)
    set_back(link, minutes=9)
    before = ShareLink.objects.values_list("tries", "tries_since").get(pk=link.pk)
    for _ in range(3):
        assert attempt(client, link).status_code == 429
    assert ShareLink.objects.values_list("tries", "tries_since").get(pk=link.pk) == before


def test_a_refused_try_costs_no_hashing(link: ShareLink, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        attempt(client, link)
    monkeypatch.setattr(public, "check_password", None)
    assert attempt(client, link, PASSPHRASE).status_code == 429


def test_the_right_one_starts_the_count_anew(locked: tuple[ShareLink, str], link: ShareLink, client: Client) -> None:
    for _ in range(4):
        attempt(client, link)
    assert attempt(client, link, PASSPHRASE).status_code == 302
    row = ShareLink.objects.get(pk=link.pk)
    assert (row.tries, row.tries_since) == (0, None)
    client.cookies.clear()
    client.get(f"/s/{locked[1]}/")
    assert [attempt(client, link).status_code for _ in range(6)] == [422] * 5 + [429]


def test_the_window_starts_with_the_first_try(link: ShareLink, client: Client) -> None:
    attempt(client, link)
    set_back(link, minutes=8)
    since = ShareLink.objects.get(pk=link.pk).tries_since
    attempt(client, link)
    row = ShareLink.objects.get(pk=link.pk)
    assert (row.tries, row.tries_since) == (2, since)
    set_back(link, minutes=11)
    attempt(client, link)
    row = ShareLink.objects.get(pk=link.pk)
    assert row.tries == 1
    assert ShareLink.objects.filter(pk=link.pk, tries_since__gt=Now() - timedelta(minutes=1)).exists()


def test_each_link_has_its_own_tries(snapshot: Snapshot, owner: User, link: ShareLink) -> None:
    other, _ = share(snapshot, owner, passphrase=PASSPHRASE)
    assert [take_try(link) for _ in range(6)] == [True] * 5 + [False]
    assert take_try(other)
    forget_tries(link)
    assert take_try(link)


def test_looking_at_the_form_is_no_try(link: ShareLink, client: Client) -> None:
    for _ in range(8):
        client.get(f"/shared/{link.public_id}/")
        client.head(f"/shared/{link.public_id}/")
    row = ShareLink.objects.get(pk=link.pk)
    assert (row.tries, row.views) == (0, 0)


@pytest.mark.parametrize("round_", range(3))
def test_tries_at_the_same_moment(transactional_db: None, round_: int) -> None:
    organisation = make_organisation()
    owner = make_member(organisation, Role.OWNER)
    made = make_snapshot(make_assessment(make_project(organisation, owner), owner), owner)
    link, _ = share(made, owner, passphrase=PASSPHRASE)
    barrier = threading.Barrier(12, timeout=60)
    taken: list[bool] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            barrier.wait()
            taken.append(take_try(link))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(taken) == 12
    assert sum(taken) == PASSPHRASE_TRIES == ShareLink.objects.get(pk=link.pk).tries


class TestOpenings:
    def views(self, link: ShareLink) -> int:
        return ShareLink.objects.get(pk=link.pk).views

    def test_only_a_page_that_was_shown_counts(self, snapshot: Snapshot, owner: User, client: Client) -> None:
        link, token = share(snapshot, owner)
        bot = Client()
        assert bot.get(f"/s/{token}/").status_code == 303
        assert bot.head(f"/s/{token}/").status_code == 303
        assert self.views(link) == 0, "a preview bot has exchanged the token"
        client.get(f"/s/{token}/")
        assert client.head(f"/shared/{link.public_id}/").status_code == 200
        assert self.views(link) == 0
        assert client.get(f"/shared/{link.public_id}/").status_code == 200
        assert self.views(link) == 1
        assert client.post(f"/shared/{link.public_id}/").status_code == 302
        assert self.views(link) == 1


class TestThePage:
    def open(self, snapshot: Snapshot, owner: User, client: Client, **more: bool) -> str:
        notes = more.get("notes", False)
        link, token = share(snapshot, owner, passphrase=PASSPHRASE if notes else "", **more)
        client.get(f"/s/{token}/")
        if notes:
            attempt(client, link, PASSPHRASE)
        answer = client.get(f"/shared/{link.public_id}/")
        assert answer.status_code == 200
        return answer.content.decode()

    def test_label_and_decision(self, snapshot: Snapshot, owner: User, client: Client) -> None:
        page = self.open(snapshot, owner, client)
        assert "Gate review" in page
        assert re.search(r"Decision asked\..*Go live in May\?", page)
        assert "Only for the team" not in page

    def test_no_decision_was_asked(self, assessment: Assessment, owner: User, client: Client) -> None:
        assert "Decision asked" not in self.open(make_snapshot(assessment, owner), owner, client)

    def test_the_note_of_the_snapshot_is_a_note(self, snapshot: Snapshot, owner: User, client: Client) -> None:
        assert "Only for the team" in self.open(snapshot, owner, client, notes=True)

    def test_a_pdf_that_failed_is_not_promised(self, snapshot: Snapshot, owner: User, client: Client) -> None:
        link, token = share(snapshot, owner, with_pdf=True)
        client.get(f"/s/{token}/")
        assert "is being made" in client.get(f"/shared/{link.public_id}/").content.decode()
        Report.objects.update(state=ReportState.FAILED)
        page = client.get(f"/shared/{link.public_id}/").content.decode()
        assert "is being made" not in page
        assert "could not be made" in page

    def test_every_answer_is_private(self, snapshot: Snapshot, owner: User, client: Client) -> None:
        link, token = share(snapshot, owner, passphrase=PASSPHRASE)
        page = f"/shared/{link.public_id}/"
        answers = [client.get("/s/unknown/"), client.get(f"/s/{token}/"), client.get(page), attempt(client, link)]
        answers += [
            attempt(client, link, PASSPHRASE),
            client.get(page),
            client.post(page),
            client.get(f"{page}report.pdf"),
        ]
        assert [answer.status_code for answer in answers] == [404, 303, 200, 422, 302, 200, 302, 404]
        for answer in answers:
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
            assert answer.headers["Cache-Control"] == "no-store, private"
            assert "script-src 'none'" in answer.headers["Content-Security-Policy"]

    def test_unknown_expired_and_revoked_look_the_same(self, snapshot: Snapshot, owner: User) -> None:
        links = [share(snapshot, owner) for _ in range(2)]
        ShareLink.objects.filter(pk=links[0][0].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        ShareLink.objects.filter(pk=links[1][0].pk).update(revoked_at=timezone.now())
        tokens = ["A" * 43, "x", *(token for _, token in links)]
        pages = ["0" * 16, *(link.public_id for link, _ in links)]
        addresses = [f"/s/{token}/" for token in tokens] + [f"/shared/{page}/" for page in pages]
        addresses += [f"/shared/{page}/report.pdf" for page in pages]
        answers = [Client().get(address) for address in addresses]
        assert {(answer.status_code, answer.content, str(sorted(answer.items()))) for answer in answers} == {
            (404, answers[0].content, str(sorted(answers[0].items())))
        }

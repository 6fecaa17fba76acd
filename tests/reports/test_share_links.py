"""A link for people without an account: it shows one frozen result while it lasts, and tells nothing afterwards."""

from __future__ import annotations

import re
import secrets
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User, token_hash
from accounts.texts import TextRefused
from assessments.models import Snapshot, State
from assessments.services import GivenAnswer
from projects.models import Project
from reports.models import Report, ReportState, ShareLink
from reports.services import (
    ReportContent,
    ReportRefused,
    ShareTerms,
    create_share_link,
    request_report,
    revoke_share_link,
)
from tests.access.dump import changed_tables, dump_tables
from tests.access.world import make_ready
from tests.make import make_answer, make_snapshot
from tests.site.cases import text
from tests.site.markup import Response, faults

PASSPHRASE = "seven quiet herons"
FIGURES = ReportContent(names=False, notes=False, evidence=False)


def make_link(snapshot: Snapshot, by: User, content: ReportContent = FIGURES, **more: Any) -> tuple[ShareLink, str]:
    terms = ShareTerms(**{"label": "Board", "days": 30, "content": content, **more})
    return create_share_link(snapshot=snapshot, terms=terms, by=by, at=timezone.now())


@pytest.fixture
def shared(snapshot: Snapshot, owner: User) -> tuple[ShareLink, str]:
    return make_link(snapshot, owner)


def exchange(token: str) -> str:
    return reverse("reports:exchange", args=[token])


def page_of(link: ShareLink) -> str:
    return reverse("reports:shared", args=[link.public_id])


def visitor(token: str) -> Client:
    client = Client()
    assert client.get(exchange(token)).status_code == 303
    return client


def frozen(response: Response) -> tuple[int, bytes, dict[str, str]]:
    """Everything a visitor could compare: status, body, headers, cookies."""
    headers = {name: value for name, value in response.headers.items() if name != "Set-Cookie"}
    return response.status_code, response.content, headers | {"cookies": response.cookies.output()}


class TestMaking:
    def test_only_the_hash_is_kept(self, shared: tuple[ShareLink, str]) -> None:
        link, token = shared
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
        assert link.token_hash == token_hash(token)
        assert token not in repr(dump_tables())
        assert link.views == 0

    def test_tokens_are_random(self, snapshot: Snapshot, owner: User) -> None:
        assert len({make_link(snapshot, owner, with_pdf=False)[1] for _ in range(20)}) == 20

    def test_with_and_without_a_report(self, snapshot: Snapshot, owner: User) -> None:
        link, _ = make_link(snapshot, owner)
        assert link.report is not None
        assert (link.report.names, link.report.notes, link.report.evidence) == (False, False, False)
        assert make_link(snapshot, owner, with_pdf=False)[0].report is None

    def test_it_is_audited_without_its_token(self, shared: tuple[ShareLink, str], owner: User) -> None:
        link, token = shared
        event = AuditEvent.objects.get(verb="share.created")
        assert (event.thing, event.actor, event.detail["days"]) == (link.public_id, owner, 30)
        assert token not in str(event.detail)

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"label": ""}, "For whom: please fill this in."), ({"label": "x" * 121}, "For whom: at most 120"),
            ({"days": 0}, "Days: a link lasts from 1 to 365 days."), ({"days": 366}, "Days"), ({"days": -1}, "Days"),
            ({"passphrase": "short"}, "Passphrase: at least 10 characters."),
            ({"passphrase": "x" * 201}, "Passphrase: at most 200"), ({"passphrase": "a\x00bcdefghijkl"}, "Passphrase"),
            ({"content": ReportContent(notes=True)}, "Passphrase: a link that shows notes needs one."),
            ({"content": ReportContent(notes=True), "passphrase": "  "}, "Passphrase"),
        ],
    )  # fmt: skip
    def test_refused(self, snapshot: Snapshot, owner: User, more: dict[str, Any], sentence: str) -> None:
        before = dump_tables()
        with pytest.raises((TextRefused, ReportRefused), match=re.escape(sentence)):
            make_link(snapshot, owner, **more)
        assert changed_tables(before, dump_tables()) == []

    def test_the_database_holds_the_rule_on_notes_too(self, shared: tuple[ShareLink, str]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            ShareLink.objects.update(notes=True)

    def test_a_full_queue_makes_no_link(self, snapshot: Snapshot, owner: User, settings: Any) -> None:
        settings.REPORTS_RUNNING_PER_ORGANISATION = 0
        with pytest.raises(ReportRefused):
            make_link(snapshot, owner)
        assert not ShareLink.objects.exists()
        make_link(snapshot, owner, with_pdf=False)

    def test_the_passphrase_is_hashed(self, snapshot: Snapshot, owner: User) -> None:
        link, _ = make_link(snapshot, owner, passphrase=PASSPHRASE)
        assert PASSPHRASE not in link.passphrase
        assert link.passphrase


class TestOpening:
    def test_the_token_is_in_the_address_once(self, shared: tuple[ShareLink, str]) -> None:
        link, token = shared
        client = Client()
        response = client.get(exchange(token))
        assert (response.status_code, response.headers["Location"]) == (303, page_of(link))
        assert token not in response.headers["Location"]
        page = client.get(page_of(link))
        assert page.status_code == 200
        assert token not in text(page)
        assert "Forecast" in text(page)

    def test_the_cookie(self, shared: tuple[ShareLink, str]) -> None:
        link, token = shared
        cookie = Client().get(exchange(token)).cookies["shared"]
        assert cookie["path"] == page_of(link)
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == 43_200
        assert token not in cookie.value

    def test_views_are_counted_at_the_page_alone(self, shared: tuple[ShareLink, str]) -> None:
        """A preview of the address in a mail program opens nothing."""
        link, token = shared
        client = visitor(token)
        client.get(exchange(token))
        link.refresh_from_db()
        assert (link.views, link.viewed_at) == (0, None)
        client.get(page_of(link))
        client.get(page_of(link))
        link.refresh_from_db()
        assert link.views == 2
        assert link.viewed_at is not None

    def test_headers(self, shared: tuple[ShareLink, str]) -> None:
        link, token = shared
        client = visitor(token)
        answers = [
            client.get(exchange(token)), client.get(page_of(link)), client.get(page_of(link) + "report.pdf"),
            Client().get(exchange("x" * 43)), Client().get(page_of(link)),
        ]  # fmt: skip
        for response in answers:
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
            assert response.headers["Cache-Control"] == "no-store, private"
            policy = response.headers["Content-Security-Policy"]
            assert "script-src 'none'" in policy
            assert "connect-src 'none'" in policy
            assert "unsafe" not in policy

    def test_no_script_on_the_page(self, shared: tuple[ShareLink, str]) -> None:
        link, token = shared
        page = text(visitor(token).get(page_of(link)))
        assert "<script" not in page
        assert "hx-get" not in page
        assert "hx-post" not in page
        assert faults(page) == []

    def test_no_way_into_the_application(self, shared: tuple[ShareLink, str], project: Project) -> None:
        link, token = shared
        client = visitor(token)
        page = text(client.get(page_of(link)))
        addresses = set(re.findall(r'href="(/[^"]*)"', page))
        assert all(path.startswith(("/static/", "/shared/")) for path in addresses), addresses
        assert client.get(reverse("assessments:overview", args=[project.slug])).status_code == 302

    def test_the_cookie_of_one_link_opens_no_other(
        self, shared: tuple[ShareLink, str], snapshot: Snapshot, owner: User
    ) -> None:
        _, token = shared
        other, _ = make_link(snapshot, owner, label="Other")
        assert visitor(token).get(page_of(other)).status_code == 404

    @pytest.mark.parametrize("value", ["", "x", "e30:1:x", "{}", "\x00", "a" * 5000])
    def test_made_up_cookies(self, shared: tuple[ShareLink, str], value: str) -> None:
        link, _ = shared
        # As a header of its own: newer Pythons refuse to put a control character into a cookie, an attacker does not.
        response = Client().get(page_of(link), headers={"cookie": f"shared={value}"})
        assert response.status_code == 404

    def test_a_cookie_signed_for_something_else(self, shared: tuple[ShareLink, str]) -> None:
        link, _ = shared
        client = Client()
        client.cookies["shared"] = signing.dumps({"link": link.public_id, "unlocked": True})
        assert client.get(page_of(link)).status_code == 404

    def test_the_cookie_ends(self, shared: tuple[ShareLink, str], monkeypatch: pytest.MonkeyPatch) -> None:
        link, token = shared
        client = visitor(token)
        later = time.time() + 43_201
        monkeypatch.setattr("django.core.signing.time.time", lambda: later)
        assert client.get(page_of(link)).status_code == 404


class TestNotActive:
    @pytest.fixture
    def unknown(self, shared: tuple[ShareLink, str]) -> tuple[int, bytes, dict[str, str]]:
        answer = frozen(Client().get(exchange(secrets.token_urlsafe(32))))
        assert answer[0] == 404
        return answer

    def test_twenty_changed_tokens(self, shared: tuple[ShareLink, str], unknown: Any) -> None:
        _, token = shared
        swapped = "".join(reversed(token))
        mutations = [
            *(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in (0, 1, 20, 41)),
            token[:-1], token + "A", token.swapcase(), swapped, token.lower(), token[1:] + token[0], "A" * 43, "a",
            token_hash(token), token + "=", f"{token}.", f" {token}", f"{token}%0a", token[:42] + "%C3%A9",
            "%00" * 43, token[:21] + "%2e%2e" + token[21:],
        ]  # fmt: skip
        assert len(mutations) == 20
        assert token not in mutations
        for mutation in mutations:
            response = Client().get(f"/s/{mutation}/")
            if b"%00" in mutation.encode():
                assert response.status_code == 400
                continue
            assert frozen(response) == unknown, mutation

    def test_revoked_and_expired_look_the_same(
        self, shared: tuple[ShareLink, str], snapshot: Snapshot, owner: User, unknown: Any
    ) -> None:
        link, token = shared
        expired, expired_token = make_link(snapshot, owner, label="Expired")
        locked, locked_token = make_link(snapshot, owner, label="Locked", passphrase=PASSPHRASE)
        visitors = {link: visitor(token), expired: visitor(expired_token), locked: visitor(locked_token)}
        assert [visitors[each].get(page_of(each)).status_code for each in visitors] == [200, 200, 200]
        revoke_share_link(link=link, by=owner, at=timezone.now())
        revoke_share_link(link=locked, by=owner, at=timezone.now())
        ShareLink.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        for dead, dead_token in ((link, token), (expired, expired_token), (locked, locked_token)):
            for client in (visitors[dead], Client()):
                assert frozen(client.get(exchange(dead_token))) == unknown
                assert frozen(client.get(page_of(dead))) == unknown
                assert frozen(client.get(page_of(dead) + "report.pdf")) == unknown
                assert client.post(page_of(dead), {"passphrase": PASSPHRASE}).status_code == 404
        nothing = reverse("reports:shared", args=["0" * 16])
        assert frozen(visitors[link].get(nothing)) == unknown

    def test_revoking(self, shared: tuple[ShareLink, str], owner: User) -> None:
        link, token = shared
        client = visitor(token)
        assert client.get(page_of(link)).status_code == 200
        revoke_share_link(link=link, by=owner, at=timezone.now())
        assert client.get(page_of(link)).status_code == 404
        first = ShareLink.objects.get(pk=link.pk).revoked_at
        revoke_share_link(link=link, by=owner, at=timezone.now() + timedelta(days=1))
        assert ShareLink.objects.get(pk=link.pk).revoked_at == first
        assert AuditEvent.objects.filter(verb="share.revoked").count() == 1

    def test_to_the_second(self, shared: tuple[ShareLink, str]) -> None:
        link, _ = shared
        assert link.is_active(at=link.expires_at - timedelta(seconds=1))
        assert not link.is_active(at=link.expires_at)
        assert ShareLink.objects.active(at=link.expires_at - timedelta(seconds=1)).exists()
        assert not ShareLink.objects.active(at=link.expires_at).exists()


class TestPassphrase:
    @pytest.fixture
    def locked(self, snapshot: Snapshot, owner: User) -> tuple[ShareLink, str]:
        return make_link(snapshot, owner, ReportContent(names=True, notes=True, evidence=True), passphrase=PASSPHRASE)

    def test_it_shows_nothing_before(self, locked: tuple[ShareLink, str], owner: User) -> None:
        link, token = locked
        client = visitor(token)
        response = client.get(page_of(link))
        assert response.status_code == 200
        page = text(response)
        assert "A passphrase, please" in page
        for word in ("Forecast", "North", owner.name, "a private note", link.label):
            assert word not in page
        assert faults(page) == []
        assert client.get(page_of(link) + "report.pdf").status_code == 404
        link.refresh_from_db()
        assert link.views == 0

    def test_the_right_one(self, locked: tuple[ShareLink, str]) -> None:
        link, token = locked
        client = visitor(token)
        response = client.post(page_of(link), {"passphrase": PASSPHRASE})
        assert (response.status_code, response.headers["Location"]) == (302, page_of(link))
        page = text(client.get(page_of(link)))
        assert "a private note" in page
        assert "Private minutes" in page
        # Only this visitor: another one with the same address is asked again.
        assert "A passphrase, please" in text(visitor(token).get(page_of(link)))

    @pytest.mark.parametrize("wrong", ["", " ", PASSPHRASE + " ", PASSPHRASE.upper(), "x" * 100_000, "\u202e"])
    def test_wrong_ones(self, locked: tuple[ShareLink, str], wrong: str) -> None:
        link, token = locked
        client = visitor(token)
        response = client.post(page_of(link), {"passphrase": wrong})
        assert response.status_code == 422
        assert "This is not the passphrase." in text(response)
        assert faults(response.content) == []
        assert wrong.strip() == "" or wrong not in text(response)
        assert "A passphrase, please" in text(client.get(page_of(link)))

    def test_five_tries(self, locked: tuple[ShareLink, str]) -> None:
        """Counted for the link and not for the visitor, so that a new cookie or address gives no new tries."""
        link, token = locked
        for number in range(5):
            response = visitor(token).post(
                page_of(link), {"passphrase": f"wrong {number}"}, REMOTE_ADDR=f"10.0.0.{number}",
                headers={"x-forwarded-for": f"192.0.2.{number}"},
            )  # fmt: skip
            assert response.status_code == 422
        client = visitor(token)
        response = client.post(page_of(link), {"passphrase": PASSPHRASE})
        assert response.status_code == 429
        assert "Too many tries" in text(response)
        assert "A passphrase, please" in text(client.get(page_of(link)))

    def test_after_ten_minutes(self, locked: tuple[ShareLink, str]) -> None:
        link, token = locked
        client = visitor(token)
        for _ in range(6):
            client.post(page_of(link), {"passphrase": "wrong"})
        assert client.post(page_of(link), {"passphrase": PASSPHRASE}).status_code == 429
        ShareLink.objects.filter(pk=link.pk).update(tries_since=Now() - timedelta(minutes=9, seconds=55))
        assert client.post(page_of(link), {"passphrase": PASSPHRASE}).status_code == 429
        ShareLink.objects.filter(pk=link.pk).update(tries_since=Now() - timedelta(minutes=10, seconds=1))
        assert client.post(page_of(link), {"passphrase": PASSPHRASE}).status_code == 302

    def test_a_success_starts_the_count_anew(self, locked: tuple[ShareLink, str]) -> None:
        link, token = locked
        for _ in range(3):
            for _ in range(4):
                assert visitor(token).post(page_of(link), {"passphrase": "wrong"}).status_code == 422
            assert visitor(token).post(page_of(link), {"passphrase": PASSPHRASE}).status_code == 302

    def test_one_link_s_tries_are_not_another_s(
        self, locked: tuple[ShareLink, str], snapshot: Snapshot, owner: User
    ) -> None:
        link, token = locked
        other, other_token = make_link(snapshot, owner, label="Other", passphrase="another quiet heron")
        for _ in range(6):
            visitor(token).post(page_of(link), {"passphrase": "wrong"})
        assert visitor(other_token).post(page_of(other), {"passphrase": "another quiet heron"}).status_code == 302


class TestWhatIsShown:
    WORDS = ("a private note", "Private minutes", "wiki.example.org/private")

    @pytest.mark.parametrize("names", [True, False])
    @pytest.mark.parametrize("notes", [True, False])
    @pytest.mark.parametrize("evidence", [True, False])
    def test_by_the_terms(self, snapshot: Snapshot, owner: User, names: bool, notes: bool, evidence: bool) -> None:
        content = ReportContent(names=names, notes=notes, evidence=evidence)
        link, token = make_link(snapshot, owner, content, passphrase=PASSPHRASE)
        client = visitor(token)
        client.post(page_of(link), {"passphrase": PASSPHRASE})
        page = text(client.get(page_of(link)))
        assert ("a private note" in page) == notes
        assert ("Private minutes" in page) == ("wiki.example.org/private" in page) == evidence
        if not names:
            assert owner.name not in page
        assert "Forecast" in page
        assert snapshot.sha256 in page

    def test_nothing_that_came_later(
        self, shared: tuple[ShareLink, str], snapshot: Snapshot, owner: User, project: Project
    ) -> None:
        link, token = shared
        client = visitor(token)
        before = client.get(page_of(link)).content
        given = GivenAnswer(State.GRADED, 0, "", "a later note")
        make_answer(snapshot.assessment, owner, "problem.statement", given, base=1)
        make_answer(snapshot.assessment, owner, "data.access", 0)
        make_snapshot(snapshot.assessment, owner, label="A later snapshot")
        Project.objects.filter(pk=project.pk).update(name="Renamed", goal="Another goal", stage="idea")
        User.objects.filter(pk=owner.pk).update(name="Renamed Person")
        assert client.get(page_of(link)).content == before

    def test_the_report(self, shared: tuple[ShareLink, str], reports_dir: object) -> None:
        link, token = shared
        client = visitor(token)
        assert "The PDF is being made" in text(client.get(page_of(link)))
        assert client.get(page_of(link) + "report.pdf").status_code == 302
        assert link.report is not None
        make_ready(link.report, b"%PDF shared")
        assert page_of(link) + "report.pdf" in text(client.get(page_of(link)))
        response = client.get(page_of(link) + "report.pdf")
        assert response.content == b"%PDF shared"
        assert response.headers["Content-Type"] == "application/pdf"
        assert "no-store" in response.headers["Cache-Control"]
        assert Client().get(page_of(link) + "report.pdf").status_code == 404

    def test_never_the_full_report_of_the_same_snapshot(
        self, shared: tuple[ShareLink, str], snapshot: Snapshot, owner: User, reports_dir: object
    ) -> None:
        full = request_report(snapshot=snapshot, content=ReportContent(), by=owner)
        make_ready(full, b"%PDF with names and notes")
        link, token = shared
        assert visitor(token).get(page_of(link) + "report.pdf").status_code == 302

    def test_a_damaged_file(self, shared: tuple[ShareLink, str], reports_dir: object) -> None:
        link, token = shared
        assert link.report is not None
        make_ready(link.report, b"%PDF shared")
        link.report.path.write_bytes(b"%PDF changed")
        assert visitor(token).get(page_of(link) + "report.pdf").status_code == 302
        assert Report.objects.get(pk=link.report.pk).state == ReportState.QUEUED

    def test_without_a_report(self, snapshot: Snapshot, owner: User) -> None:
        link, token = make_link(snapshot, owner, with_pdf=False)
        client = visitor(token)
        assert "PDF" not in text(client.get(page_of(link)))
        assert client.get(page_of(link) + "report.pdf").status_code == 404

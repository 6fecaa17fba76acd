"""Every text field of projects, answers, snapshots and links: stored as it came, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.texts import clean_text
from assessments.models import Answer, Assessment, Snapshot
from projects.models import Project
from reports.models import ShareLink
from tests.access.dump import changed_tables, dump_tables
from tests.access.world import share
from tests.make import make_answer, make_assessment, make_member, make_snapshot
from tests.reports.test_boards import take
from tests.site.cases import signed_in
from tests.site.markup import Response, is_page, parse

NASTY: dict[str, bytes] = {
    "nul": b"a\x00b",
    "surrogate": b"a\xed\xa0\x80b",
    "half a character": b"caf\xc3",
    "latin-1": "café".encode("latin-1"),
    "huge": b"x" * 100_000,
    "override": "a\u202egnp.exe".encode(),
    "family": "👩‍👩‍👧‍👦 and 🏴‍☠️".encode(),
    "script": b"<script>alert(1)</script>",
    "right to left": "مشروع التنبؤ بالطلب".encode(),
    "replacement": "what � is".encode(),
    "escape": b"a\x1b[31mb",
    "quotes": b"'\"`&amp;%00%2500\\",
    "template": b"{{ 7*7 }}{% now %}${7*7}",
    "combining": ("e" + "\u0301" * 60).encode(),
    "tab inside": b"a\tb",
    "zero width": "a\u200bb\ufeffc".encode(),
    "no character": "\uffff\U0010ffff".encode(),
    "white space": b" \t\r\n ",
}


@dataclass(frozen=True)
class Field:
    """One field of one form: its label in sentences, and where its text is stored."""

    route: str
    name: str
    label: str
    stored: Callable[[], str]
    more: dict[str, str]

    def __str__(self) -> str:
        return f"{self.route} {self.name}"


PROFILE = {"name": "Forecast", "goal": "Less stock.", "stage": "pilot"}
ONE = "problem.statement"
SAVE = {"revision": "0"}
NA, LINKED = {"choice": "na"}, {"choice": "1", "evidence_url": "https://x.example/"}


def newest(model: type[Any], name: str) -> Callable[[], str]:
    return lambda: str(getattr(model.objects.order_by("-id").first(), name))


def prefixed(fields: dict[str, str]) -> dict[str, str]:
    return {f"{ONE}:{name}": value for name, value in fields.items()}


FIELDS = [
    *(
        Field(route, name, label, newest(Project, name), PROFILE)
        for route in ("assessments:create", "assessments:edit")
        for name, label in (("name", "Name"), ("goal", "Goal in one sentence"), ("unit", "Business unit"))
    ),
    Field("assessments:save", "reason", "Reason", newest(Answer, "reason"), SAVE | NA),
    Field("assessments:save", "note", "Note", newest(Answer, "note"), SAVE | {"choice": "1"}),
    Field("assessments:save", "evidence_title", "Evidence title", newest(Answer, "evidence_title"), SAVE | LINKED),
    Field(
        "assessments:dimension", f"{ONE}:note", "Note", newest(Answer, "note"), prefixed(SAVE | {"choice": "1"}),
    ),
    Field(
        "assessments:dimension", f"{ONE}:reason", "Reason", newest(Answer, "reason"), prefixed(SAVE | NA)
    ),
    Field(
        "assessments:dimension", f"{ONE}:evidence_title", "Evidence title", newest(Answer, "evidence_title"),
        prefixed(SAVE | LINKED),
    ),
    *(
        Field("assessments:apply_import", f"{ONE}:{name}", label, newest(Answer, name), prefixed(SAVE | more))
        for name, label, more in (
            ("note", "Note", {"choice": "1"}), ("reason", "Reason", NA), ("evidence_title", "Evidence title", LINKED)
        )
    ),
    Field("assessments:snapshots", "label", "Label", newest(Snapshot, "label"), {}),
    Field("reports:share", "label", "For whom", newest(ShareLink, "label"), {"days": "3"}),
    Field("reports:share_board", "label", "For whom", newest(ShareLink, "label"), {"days": "3"}),
    Field(
        "accounts:tokens", "name", "Name", newest(ApiToken, "name"), {"scopes": "read_projects", "days": "3"}
    ),
    Field("portfolio:rename_unit", "name", "New name", newest(Project, "unit"), {"unit": "Retail"}),
]  # fmt: skip


@pytest.fixture
def place(project: Project, owner: User) -> dict[str, str]:
    """The address of every form."""
    assessment = make_assessment(project, owner)
    make_answer(assessment, owner, "problem.objective", 1)
    snapshot = make_snapshot(assessment, owner)
    slug = project.slug
    Project.objects.filter(pk=project.pk).update(unit="Retail")
    board = take(project.organisation, owner)
    member = make_member(project.organisation, "viewer", all_projects=False).memberships.get()
    return {
        "assessments:create": reverse("assessments:create"),
        "assessments:edit": reverse("assessments:edit", args=[slug]),
        "assessments:save": reverse("assessments:save", args=[slug, ONE]),
        "assessments:dimension": reverse("assessments:dimension", args=[slug, "problem"]),
        "assessments:apply_import": reverse("assessments:apply_import", args=[slug]),
        "assessments:import_answers": reverse("assessments:import_answers", args=[slug]),
        "assessments:snapshots": reverse("assessments:snapshots", args=[slug]),
        "reports:share": reverse("reports:share", args=[slug, snapshot.public_id]),
        "reports:share_board": reverse("reports:share_board", args=[board.public_id]),
        "reports:create_board": reverse("reports:create_board"),
        "portfolio:rename_unit": reverse("portfolio:rename_unit"),
        "accounts:tokens": reverse("accounts:tokens"),
        "transfers:import": reverse("transfers:import"),
        "projects:member_units": reverse("projects:member_units", args=[member.pk]),
    }


def post_bytes(client: Client, path: str, fields: dict[str, str], name: str, value: bytes) -> Response:
    plain = {key: text for key, text in fields.items() if key != name}
    body = f"{urlencode(plain)}&{quote_from_bytes(name.encode())}={quote_from_bytes(value)}"
    return client.post(path, body, content_type="application/x-www-form-urlencoded")


def sentences(response: Response) -> str:
    if not is_page(response):
        return str(response.content.decode())
    found = parse(response.content).xpath("//*[@role='alert'] | //p[contains(@class, 'f-error')][not(@hidden)]")
    return " ".join(element.text_content() for element in found)


KEPT = ("override", "family", "script", "right to left", "replacement", "quotes", "template", "tab inside")
REFUSED = ("nul", "surrogate", "half a character", "latin-1", "huge", "escape")


def each_taken_back() -> Iterator[tuple[str, bytes]]:
    """All payloads, and after each of them the database as it was."""
    for name, nasty in NASTY.items():
        with transaction.atomic():
            yield name, nasty
            transaction.set_rollback(True)


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_stored_or_refused(place: dict[str, str], owner: User, field: Field) -> None:
    client = signed_in(owner)
    before = dump_tables()
    for name, nasty in each_taken_back():
        response = post_bytes(client, place[field.route], field.more, field.name, nasty)
        changed = changed_tables(before, dump_tables())
        if response.status_code < 400:
            assert name not in REFUSED, name
            expected = clean_text(nasty.decode(), field="x", limit=10**9, lines=True)
            assert changed or expected == "", name
            assert not changed or field.stored() == expected, name
            continue
        assert name not in KEPT, name
        assert response.status_code == 422, name
        said = sentences(response)
        assert field.label in said or f"{field.name}: this is not readable text" in said, (name, said)
        assert changed == [], name


@pytest.mark.parametrize("name", ["note", "decision"])
def test_the_long_texts_of_a_snapshot(place: dict[str, str], owner: User, name: str) -> None:
    client = signed_in(owner)
    for kind, nasty in each_taken_back():
        response = post_bytes(client, place["assessments:snapshots"], {"label": "Frozen"}, name, nasty)
        assert response.status_code == (422 if kind in REFUSED else 302), kind
        if kind not in REFUSED:
            body = json.loads(Snapshot.objects.order_by("-id").values_list("body", flat=True)[0])
            assert body["snapshot"][name] == clean_text(nasty.decode(), field="x", limit=10**9, lines=True), kind
            assert client.get(response.headers["Location"]).status_code == 200, kind


@pytest.mark.parametrize(
    ("route", "name", "more"),
    [
        ("assessments:create", "tags", PROFILE), ("assessments:create", "planned_date", PROFILE),
        ("assessments:create", "owner", PROFILE), ("assessments:create", "stage", PROFILE),
        ("assessments:create", "facts", PROFILE), ("assessments:save", "evidence_url", SAVE | {"choice": "1"}),
        ("assessments:save", "choice", SAVE), ("assessments:save", "revision", {"choice": "1"}),
        ("assessments:save", "mutation", SAVE | {"choice": "1"}), ("assessments:dimension", "next", {}),
        ("assessments:apply_import", f"{ONE}:choice", prefixed(SAVE)), ("assessments:apply_import", "assessment", {}),
        ("assessments:apply_import", f"{ONE}:revision", prefixed({"choice": "1"})),
        ("assessments:apply_import", f"{ONE}:evidence_url", prefixed(SAVE | {"choice": "1"})),
        ("assessments:import_answers", "file", {}), ("transfers:import", "file", {}), ("transfers:import", "do", {}),
        ("assessments:snapshots", "closes", {"label": "x"}), ("reports:share", "days", {"label": "x"}),
        ("reports:share", "passphrase", {"label": "x", "days": "3"}),
        ("reports:share_board", "days", {"label": "x"}), ("reports:create_board", "label", {}),
        ("assessments:create", "planned_value", PROFILE), ("projects:member_units", "units", {}),
        ("portfolio:rename_unit", "unit", {"name": "x"}), ("assessments:dimension", "proposal", {}),
        ("accounts:tokens", "scopes", {"name": "x", "days": "3"}),
        ("accounts:tokens", "days", {"name": "x", "scopes": "reports"}),
    ],
)  # fmt: skip
def test_fields_that_hold_no_free_text(
    place: dict[str, str], owner: User, route: str, name: str, more: dict[str, str]
) -> None:
    client = signed_in(owner)
    for kind, nasty in each_taken_back():
        response = post_bytes(client, place[route], more, name, nasty)
        assert response.status_code in {200, 302, 404, 422}, kind
        if is_page(response):
            assert b"<script>alert" not in response.content


def test_the_passphrase_of_a_share_page(project: Project, owner: User) -> None:
    assessment = make_assessment(project, owner)
    link, token = share(make_snapshot(assessment, owner), owner, "Reader", passphrase="seven quiet herons")
    client = Client()
    client.get(reverse("reports:exchange", args=[token]))
    path = reverse("reports:shared", args=[link.public_id])
    for kind, nasty in each_taken_back():
        assert post_bytes(client, path, {}, "passphrase", nasty).status_code == 422, kind
    assert client.get(path).context["problem"] == ""


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "latin-1", "unicode_escape", "idna", "no-such"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_other_character_sets(place: dict[str, str], owner: User, charset: str, kind: str) -> None:
    """Some of them decode to lone surrogates, which no page could show again."""
    body = rb"name=+2AA-\ud800&goal=x&stage=pilot"
    if kind.startswith("multipart"):
        body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n+2AA-\\ud800\r\n--b--\r\n'
    client = signed_in(owner)
    before = dump_tables()
    response = client.generic("POST", place["assessments:create"], body, content_type=f"{kind}; charset={charset}")
    assert response.status_code in {400, 422}
    assert changed_tables(before, dump_tables()) == []


def test_a_script_gets_the_sentence_as_json(place: dict[str, str], owner: User) -> None:
    body = b"revision=0&choice=1&note=caf%E9"
    response = signed_in(owner).post(
        place["assessments:save"], body, content_type="application/x-www-form-urlencoded",
        headers={"accept": "application/json"},
    )  # fmt: skip
    assert response.status_code == 422
    assert response.json() == {"error": "note: this is not readable text (UTF-8). Nothing was saved."}


@pytest.mark.parametrize(
    "body", [b"x" * 3_000_000, b"&".join(b"a%d=1" % n for n in range(2100)), b"=" * 5000, b"%%%", b"\x00" * 100]
)
def test_whole_forms_that_are_none(place: dict[str, str], owner: User, body: bytes) -> None:
    client = signed_in(owner)
    before = dump_tables()
    for route, path in place.items():
        if route == "reports:create_board":
            continue  # A button without a field: an empty form asks for a board.
        response = client.post(path, body, content_type="application/x-www-form-urlencoded")
        assert response.status_code in {302, 400, 413, 422}
    assert changed_tables(before, dump_tables()) == []
    assert Assessment.objects.count() == 1


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/x-www-form-urlencoded;;;", "x"])
def test_other_kinds_of_body(place: dict[str, str], owner: User, kind: str) -> None:
    before = dump_tables()
    client = signed_in(owner)
    after_sign_in = dump_tables()
    response = client.post(place["assessments:create"], b'{"name": "x"}', content_type=kind)
    assert response.status_code in {400, 422}
    assert changed_tables(after_sign_in, dump_tables()) == []
    assert set(changed_tables(before, after_sign_in)) <= {"accounts_user", "usersessions_usersession"}

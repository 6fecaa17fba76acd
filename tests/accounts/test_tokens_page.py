"""The page on which owners make, list and revoke tokens."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import ApiToken, AuditEvent, Membership, Organisation, User, token_hash
from accounts.roles import SCOPE_MEANS, Scope
from accounts.tokens import MadeToken, find_token, make_token, note_use
from tests.access.dump import changed_tables, dump_tables
from tests.accounts.steps import membership_of, to_login, verbs
from tests.site.markup import faults, parse

URL = "/organisation/tokens/"
ALL = f"{URL}revoke-all/"
FORM = {"name": "nightly check", "scopes": ["propose_answers", "read_projects"], "days": "90"}


def make(by: User, organisation: Organisation, name: str = "ci", *, days_ago: float = 0, days: int = 90) -> MadeToken:
    at = timezone.now() - timedelta(days=days_ago)
    membership = membership_of(by, organisation)
    return make_token(membership=membership, name=name, scopes=["read_projects"], days=days, by=by, at=at)


def revoke_url(token: ApiToken) -> str:
    return f"{URL}{token.pk}/revoke/"


def secret_of(page: bytes) -> str:
    return str(parse(page).get_element_by_id("secret").get("value"))


@pytest.fixture
def signed(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def test_empty(signed: Client) -> None:
    response = signed.get(URL)
    page = response.content.decode()
    assert response.status_code == 200
    assert "No token yet." in page
    assert "can never do more than that person" in page
    assert "Revoke all" not in page
    assert parse(response.content).get_element_by_id("days").get("value") == "90"
    for scope in Scope:
        assert scope.label in page
        assert SCOPE_MEANS[scope] in page
    assert faults(response.content) == []


def test_beside_members_and_settings(signed: Client) -> None:
    tabs = parse(signed.get("/organisation/members/").content).xpath("//nav[@aria-label='Organisation']/a/text()")
    assert tabs == ["Members", "Settings", "API tokens", "Demo data"]


def test_made_and_shown_once(signed: Client, owner: User, organisation: Organisation, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    response = signed.post(URL, FORM)
    assert response.status_code == 201
    assert "no-store" in response.headers["Cache-Control"]
    assert "Location" not in response.headers
    secret = secret_of(response.content)
    token = ApiToken.objects.get()
    assert token.token_hash == token_hash(secret)
    assert token.membership == membership_of(owner, organisation)
    assert (token.name, token.scopes) == ("nightly check", ["read_projects", "propose_answers"])
    assert (token.expires_at - token.created_at).days == 90
    example = parse(response.content).get_element_by_id("example").get("value")
    assert example == f'curl -H "Authorization: Bearer {secret}" http://testserver/api/v1/projects'
    copies = parse(response.content).xpath("//button[@data-copy]/@data-copy")
    assert copies == ["secret", "example"]
    assert "may not read projects" not in response.content.decode()
    assert faults(response.content) == []
    assert secret not in signed.get(URL).content.decode()
    assert secret not in repr(dump_tables())
    assert secret not in repr(dict(signed.session))
    assert secret not in caplog.text
    assert secret not in signed.cookies.output()
    assert find_token(secret, at=timezone.now()) == token


def test_the_example_takes_the_public_address(signed: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://preflight.example.org/"
    page = parse(signed.post(URL, FORM).content)
    assert page.get_element_by_id("example").get("value").endswith(" https://preflight.example.org/api/v1/projects")


def test_an_example_that_would_be_refused_says_so(signed: Client) -> None:
    page = signed.post(URL, FORM | {"scopes": ["propose_answers"]}).content.decode()
    assert "With these scopes the answer is 403" in page


def test_the_form_is_empty_afterwards(signed: Client) -> None:
    page = parse(signed.post(URL, FORM).content)
    assert page.get_element_by_id("name").get("value") == ""
    assert page.xpath("//input[@name='scopes'][@checked]") == []


def test_trail(signed: Client, owner: User) -> None:
    signed.post(URL, FORM)
    token = ApiToken.objects.get()
    signed.post(revoke_url(token))
    signed.post(revoke_url(token))
    made, revoked = AuditEvent.objects.filter(verb__startswith="token.").order_by("id")
    assert (made.verb, made.actor, made.thing) == ("token.made", owner, f"token:{token.pk}")
    assert made.detail == {"name": "nightly check", "scopes": "read_projects propose_answers", "days": 90}
    assert (revoked.verb, revoked.actor, revoked.thing) == ("token.revoked", owner, f"token:{token.pk}")


@pytest.mark.parametrize(
    ("change", "sentence", "field"),
    [
        ({"name": ""}, "Name: please fill this in.", "name"),
        ({"name": "  \t "}, "Name: please fill this in.", "name"),
        ({"name": "x" * 61}, "Name: at most 60 characters, this has 61.", "name"),
        ({"name": "a\x00b"}, "Name: the control character U+0000 cannot be stored here.", "name"),
        ({"name": "a\nb"}, "Name: a line break cannot be stored here.", "name"),
        ({"scopes": []}, "Scopes: choose at least one of these: Read the portfolio, Read projects,", "scopes"),
        ({"scopes": ["read_projects", "root"]}, "Scopes: choose at least one of these", "scopes"),
        ({"scopes": ["\x00"]}, "Scopes: choose at least one of these", "scopes"),
        *(({"days": days}, "Days: a token lasts from 1 to 365 days.", "days")
          for days in ("", "0", "366", "-1", "1.5", "x", "9" * 5000, "٣", " 5", "\x00")),
    ],
)  # fmt: skip
def test_refused_and_nothing_lost(signed: Client, change: dict[str, Any], sentence: str, field: str) -> None:
    before = dump_tables()
    form = FORM | change
    response = signed.post(URL, form)
    page = parse(response.content)
    assert response.status_code == 422
    (link,) = page.xpath("//div[@role='alert']//a")
    assert link.text.startswith(sentence)
    assert link.get("href") == f"#{field}"
    assert page.get_element_by_id(field) is not None
    assert page.findtext(".//title").strip().startswith("Error:")
    if "\x00" not in repr(form) and "\\x00" not in repr(form):
        assert page.get_element_by_id("name").get("value") == form["name"]
        assert page.get_element_by_id("days").get("value") == form["days"]
    checked = page.xpath("//input[@name='scopes'][@checked]/@value")
    assert checked == [scope.value for scope in Scope if scope.value in form["scopes"]]
    assert faults(response.content) == []
    assert changed_tables(before, dump_tables()) == []


def test_an_empty_form(signed: Client) -> None:
    assert signed.post(URL).status_code == 422
    assert not ApiToken.objects.exists()


def test_too_many(signed: Client, owner: User, organisation: Organisation) -> None:
    for number in range(200):
        make(owner, organisation, f"t{number}")
    response = signed.post(URL, FORM)
    assert response.status_code == 422
    assert "Tokens: an organisation has at most 200." in response.content.decode()
    assert ApiToken.objects.count() == 200


def test_the_list_says_what_happened(signed: Client, owner: User, organisation: Organisation) -> None:
    now = timezone.now()
    used = make(owner, organisation, "used").token
    note_use(used, address="2001:db8::7", at=now - timedelta(days=3))
    make(owner, organisation, "old", days_ago=100, days=365)
    make(owner, organisation, "over", days_ago=100, days=10)
    gone = make(owner, organisation, "gone").token
    signed.post(revoke_url(gone))
    response = signed.get(URL)
    lines = {
        row.find("th").text_content().split("pf_")[0]: " ".join(row.text_content().split())
        for row in parse(response.content).xpath("//table[contains(@class,'tokens')]/tbody/tr")
    }
    assert list(lines) == ["old", "used", "gone", "over"]
    assert f"{used.prefix}…" in lines["used"]
    assert "used 3 d ago" in lines["used"]
    assert "from 2001:db8::7" in lines["used"]
    assert "live until" in lines["used"]
    assert "read projects" in lines["used"]
    assert "by Olga" in lines["used"]
    assert "not used for 90 days" not in lines["used"]
    assert "never used" in lines["old"]
    assert "not used for 90 days" in lines["old"]
    assert "expired" in lines["over"]
    assert "not used for 90 days" not in lines["over"]
    assert "revoked" in lines["gone"]
    assert "Yes, revoke" in lines["old"]
    assert "Yes, revoke" not in lines["over"]
    assert "Yes, revoke" not in lines["gone"]
    assert "2 live of 4" in response.content.decode()
    assert faults(response.content) == []


def test_a_token_of_a_deactivated_person_rests(signed: Client, make_member: Any, organisation: Organisation) -> None:
    other = make_member("owner", "Otto").user
    secret = make(other, organisation).secret
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert "rests, its person is deactivated" in signed.get(URL).content.decode()
    assert find_token(secret, at=timezone.now()) is None


def test_revoking_acts_at_once(signed: Client, owner: User, organisation: Organisation) -> None:
    made, other = make(owner, organisation), make(owner, organisation, "other")
    response = signed.post(revoke_url(made.token), follow=True)
    assert response.redirect_chain == [(URL, 302)]
    assert "The token ci no longer works." in response.content.decode()
    assert find_token(made.secret, at=timezone.now()) is None
    assert find_token(other.secret, at=timezone.now()) == other.token
    assert made.secret not in response.content.decode()


def test_revoking_all(
    signed: Client, owner: User, organisation: Organisation, outsider: User, make_member: Any
) -> None:
    otto = make_member("owner", "Otto").user
    found = [make(owner, organisation), make(owner, organisation, "two"), make(otto, organisation, "of Otto")]
    foreign = make(outsider, membership_of(outsider, Organisation.objects.get(name="Elsewhere")).organisation)
    assert "Revoke 3 tokens" in signed.get(URL).content.decode()
    response = signed.post(ALL, follow=True)
    assert "3 tokens no longer work." in response.content.decode()
    assert [find_token(made.secret, at=timezone.now()) for made in found] == [None] * 3
    assert find_token(foreign.secret, at=timezone.now()) == foreign.token
    assert verbs().count("token.revoked") == 3
    before = dump_tables()
    assert "There was no live token." in signed.post(ALL, follow=True).content.decode()
    assert changed_tables(before, dump_tables()) == []


def test_revoking_the_only_one(signed: Client, owner: User, organisation: Organisation) -> None:
    make(owner, organisation)
    assert "The one live token no longer works." in signed.post(ALL, follow=True).content.decode()


@pytest.mark.parametrize("role", ["editor", "respondent", "viewer"])
def test_refused_roles(
    client: Client, role: str, owner: User, organisation: Organisation, request: pytest.FixtureRequest
) -> None:
    token = make(owner, organisation).token
    client.force_login(request.getfixturevalue(role))
    before = dump_tables()
    assert client.get(URL).status_code == 403
    for path, form in ((URL, FORM), (revoke_url(token), {}), (ALL, {})):
        assert client.post(path, form).status_code == 403
    assert changed_tables(before, dump_tables()) == []


def test_anonymous(client: Client, owner: User, organisation: Organisation) -> None:
    token = make(owner, organisation).token
    assert to_login(client.get(URL))
    for path in (URL, revoke_url(token), ALL):
        assert to_login(client.post(path, FORM))
    assert ApiToken.objects.get().revoked_at is None


def test_another_organisation(client: Client, owner: User, outsider: User, organisation: Organisation) -> None:
    made = make(owner, organisation, "ours alone")
    client.force_login(outsider)
    assert "ours alone" not in client.get(URL).content.decode()
    before = dump_tables()
    assert client.post(revoke_url(made.token)).status_code == 404
    assert changed_tables(before, dump_tables()) == []
    client.post(ALL)
    assert find_token(made.secret, at=timezone.now()) == made.token


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999999"])
def test_no_such_token(signed: Client, number: str) -> None:
    assert signed.post(f"{URL}{number}/revoke/").status_code == 404


def test_wrong_methods(signed: Client, owner: User, organisation: Organisation) -> None:
    token = make(owner, organisation).token
    for method in ("put", "patch", "delete", "options"):
        assert getattr(signed, method)(URL).status_code == 405
    for path in (revoke_url(token), ALL):
        for method in ("get", "head", "put", "delete"):
            assert getattr(signed, method)(path).status_code == 405
    assert ApiToken.objects.get().revoked_at is None


def test_a_name_is_text(signed: Client) -> None:
    name = '"><script>alert(1)</script>'
    made = signed.post(URL, FORM | {"name": name})
    for response in (made, signed.get(URL), signed.post(revoke_url(ApiToken.objects.get()), follow=True)):
        assert "<script>alert" not in response.content.decode()
        assert "&lt;script&gt;alert" in response.content.decode()
        assert faults(response.content) == []


def test_a_token_made_twice_is_seen_twice(signed: Client) -> None:
    """A reload of the answer sends the form again, after the browser asked: the list then shows both."""
    first, second = (secret_of(signed.post(URL, FORM).content) for _ in range(2))
    assert first != second
    assert signed.get(URL).content.decode().count("nightly check</bdi>") == 2


def test_it_ends_with_the_membership(signed: Client, make_member: Any, organisation: Organisation) -> None:
    other = make_member("owner", "Otto").user
    secret = make(other, organisation).secret
    Membership.objects.filter(user=other).delete()
    assert find_token(secret, at=timezone.now()) is None
    assert "No token yet." in signed.get(URL).content.decode()


def test_pages_and_queries(
    signed: Client, owner: User, organisation: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed.get(URL)
    with django_assert_num_queries(5):
        signed.get(URL)
    for number in range(100):
        make(owner, organisation, f"token {number:03}")
    with django_assert_num_queries(6):
        response = signed.get(URL)
    assert "Page 1 of 2" in response.content.decode()
    assert "token 099" in response.content.decode()
    assert "token 000" in signed.get(f"{URL}?page=2").content.decode()


def test_a_form_that_is_sent_again_makes_no_second_token(signed: Client) -> None:
    """As when the answer is reloaded."""
    for _ in range(2):
        response = signed.post(URL, {**FORM, "form": "one"}, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    assert "This form has made its token already." in response.content.decode()
    assert ApiToken.objects.count() == 1
    assert signed.post(URL, {**FORM, "form": "two"}).status_code == 201
    assert signed.post(URL, {**FORM, "name": "", "form": "three"}).status_code == 422
    assert signed.post(URL, {**FORM, "form": "three"}).status_code == 201

"""What every page of this package has: one heading, names on all fields, nothing inline, one title."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client

from accounts.models import Organisation, User
from accounts.services import make_setup_token
from tests.accounts.steps import PASSWORD, make_invitation, membership_of

MUTED = {"hidden", "submit"}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.labels: set[str] = set()
        self.inside_label = 0
        self.unnamed: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag == "label":
            self.inside_label += 1
            self.labels.add(values.get("for", ""))
        is_field = tag in {"input", "select", "textarea"} and values.get("type") not in MUTED
        if is_field and not self.inside_label and values.get("id") not in self.labels and "aria-label" not in values:
            self.unnamed.append(values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.inside_label -= 1

    def all(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]


def check(text: str) -> None:
    page = Page(text)
    ids = [values["id"] for _, values in page.tags if "id" in values]
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert len(ids) == len(set(ids)), ids
    assert not page.unnamed
    for tag, values in page.tags:
        assert "style" not in values, (tag, values)
        assert not [name for name in values if name.startswith("on")], (tag, values)
        assert tag not in {"style", "iframe"}
        for described in values.get("aria-describedby", "").split():
            assert described in ids, (described, values)
        if values.get("aria-labelledby"):
            assert values["aria-labelledby"] in ids
        if tag == "a" and values.get("href", "").startswith("#"):
            assert values["href"][1:] in ids, values
    assert not [values for values in page.all("script") if "src" not in values]
    for values in page.all("form"):
        if values.get("method") == "post":
            assert "csrfmiddlewaretoken" in text


ANONYMOUS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-x/",
]
SIGNED_IN = [
    "/account/",
    "/organisation/members/",
    "/organisation/members/{own}/",
    "/organisation/members/{own}/remove/",
    "/organisation/settings/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/sessions/",
]


@pytest.mark.parametrize("url", ANONYMOUS)
def test_open_pages(client: Client, db: None, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200
    check(response.content.decode())
    assert "Main" not in response.content.decode()


@pytest.mark.parametrize("url", SIGNED_IN)
def test_own_pages(client: Client, owner: User, viewer: User, organisation: Organisation, url: str) -> None:
    make_invitation(owner, organisation)
    client.force_login(owner)
    response = client.get(url.format(own=membership_of(owner, organisation).pk))
    assert response.status_code == 200
    check(response.content.decode())


@pytest.mark.parametrize("url", SIGNED_IN)
def test_own_pages_are_closed_to_guests(client: Client, owner: User, organisation: Organisation, url: str) -> None:
    response = client.get(url.format(own=membership_of(owner, organisation).pk))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("url", "signs_in"),
    [
        ("/accounts/login/", False),
        ("/accounts/password/reset/", False),
        ("/account/", True),
        ("/organisation/settings/", True),
        ("/organisation/invitations/", True),
        ("/organisation/members/{own}/", True),
        ("/accounts/password/change/", True),
        ("/accounts/reauthenticate/", True),
    ],
)
def test_pages_with_errors(client: Client, owner: User, organisation: Organisation, url: str, signs_in: bool) -> None:
    if signs_in:
        client.force_login(owner)
    response = client.post(url.format(own=membership_of(owner, organisation).pk), {})
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: " in page
    assert 'role="alert"' in page
    check(page)


def test_wrong_password_page(client: Client, owner: User) -> None:
    response = client.post("/accounts/login/", {"login": owner.email, "password": "wrong"})
    check(response.content.decode())


def test_setup_page(client: Client, db: None) -> None:
    url = f"/setup/{make_setup_token()}/"
    check(client.get(url).content.decode())
    check(client.post(url, {}).content.decode())


def test_invitation_pages(client: Client, owner: User, outsider: User, organisation: Organisation) -> None:
    _, new = make_invitation(owner, organisation)
    _, known = make_invitation(owner, organisation, outsider.email)
    _, late = make_invitation(owner, organisation, "late@example.com", days_ago=8)
    for url in (new, known, late):
        check(client.get(url).content.decode())
    check(client.post(new, {}).content.decode())
    client.post("/accounts/login/", {"login": outsider.email, "password": PASSWORD})
    for url in (new, known):
        check(client.get(url).content.decode())
    client.force_login(owner)
    made = client.post("/organisation/invitations/", {"email": "x@example.com", "role": "viewer"})
    check(made.content.decode())


def test_pages_are_private(client: Client, owner: User) -> None:
    client.force_login(owner)
    for url in ("/account/", "/accounts/login/", "/organisation/members/"):
        assert "no-store" in client.get(url)["Cache-Control"]

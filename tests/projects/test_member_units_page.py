"""Choosing whose business units a member sees whole: owners decide, and the change acts on the next page."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Membership, Organisation, User
from accounts.roles import Role
from projects.models import Project, UnitGrant
from projects.services import archive_project, set_grants
from projects.units import set_units
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, make_member, make_organisation, make_project
from tests.site.cases import signed_in, text, usual_cases
from tests.site.markup import faults, parse


@pytest.fixture
def guest(organisation: Organisation) -> Membership:
    """A viewer who does not see all projects."""
    return Membership.objects.get(user=make_member(organisation, Role.VIEWER, all_projects=False, name="Ada"))


@pytest.fixture
def url(guest: Membership) -> str:
    return reverse("projects:member_units", args=[guest.pk])


@pytest.fixture
def shops(organisation: Organisation, owner: User) -> list[Project]:
    return [make_project(organisation, owner, name=f"Shop {number}", unit="Retail") for number in range(3)]


@pytest.fixture
def route(organisation: Organisation, owner: User) -> Project:
    return make_project(organisation, owner, name="Route", unit="Logistics & <b>Co</b>")


def boxes(client_of: User, url: str) -> dict[str, bool]:
    response = signed_in(client_of).get(url)
    assert faults(response.content) == []
    found = parse(response.content).xpath("//input[@name='units']")
    return {box.get("value"): box.get("checked") is not None for box in found}


def test_usual_cases(url: str, owner: User, shops: list[Project]) -> None:
    usual_cases(url, owner, may={Role.OWNER})
    usual_cases(url, owner, may={Role.OWNER}, form={"units": "Retail"})


def test_it_acts_on_the_next_page(
    url: str, owner: User, guest: Membership, shops: list[Project], route: Project
) -> None:
    reading, address = signed_in(guest.user), reverse("assessments:overview", args=[shops[0].slug])
    assert reading.get(address).status_code == 404
    assert boxes(owner, url) == {"Logistics & <b>Co</b>": False, "Retail": False}
    response = signed_in(owner).post(url, {"units": ["Retail"]}, follow=True)
    assert "Saved. The change acts from the person" in text(response)
    assert "this person will see 3 projects" in text(response)
    assert boxes(owner, url) == {"Logistics & <b>Co</b>": False, "Retail": True}
    assert reading.get(address).status_code == 200
    assert reading.get(reverse("assessments:overview", args=[route.slug])).status_code == 404
    event = AuditEvent.objects.get(verb="member.units")
    assert (event.actor, event.detail["units"]) == (owner, "Retail")
    signed_in(owner).post(url, {})
    assert reading.get(address).status_code == 404
    assert not UnitGrant.objects.exists()


def test_what_the_person_will_see(
    url: str, owner: User, guest: Membership, shops: list[Project], route: Project
) -> None:
    """Open projects, of the units and by name, each once."""
    assert "will see 0 projects" in text(signed_in(owner).get(url))
    set_grants(project=route, grants={guest: Role.VIEWER}, by=owner)
    assert "will see 1 project:" in text(signed_in(owner).get(url))
    set_units(membership=guest, units={"Retail", route.unit}, by=owner)
    assert "will see 4 projects:" in text(signed_in(owner).get(url))
    archive_project(project=shops[0], by=owner, at=AT)
    assert "will see 3 projects:" in text(signed_in(owner).get(url))


def test_while_all_are_seen(url: str, owner: User, guest: Membership, shops: list[Project], route: Project) -> None:
    set_units(membership=guest, units={"Retail"}, by=owner)
    Membership.objects.filter(pk=guest.pk).update(all_projects=True)
    page = text(signed_in(owner).get(url))
    assert "This person sees all projects. Units act only while that is off" in page
    assert "then the person will see 3 projects" in page
    Membership.objects.filter(pk=guest.pk).update(role=Role.OWNER)
    assert "An owner sees every project." in text(signed_in(owner).get(url))


def test_a_unit_that_no_project_names_any_more(url: str, owner: User, guest: Membership, shops: list[Project]) -> None:
    set_units(membership=guest, units={"Closed down"}, by=owner)
    assert boxes(owner, url) == {"Retail": False, "Closed down": True}
    assert "No project is of this unit any more" in text(signed_in(owner).get(url))
    signed_in(owner).post(url, {"units": "Closed down"})
    assert guest.unit_grants.get().unit == "Closed down"
    signed_in(owner).post(url, {"units": "Retail"})
    assert guest.unit_grants.get().unit == "Retail"
    assert boxes(owner, url) == {"Retail": True}


@pytest.mark.parametrize("unit", ["Elsewhere", "retail", "", "Retail ", "x" * 10_000, "'; --", "🏴‍☠️"])
def test_unknown_units_are_refused(url: str, owner: User, guest: Membership, shops: list[Project], unit: str) -> None:
    south = make_organisation("South")
    make_project(south, make_member(south, Role.OWNER), unit="Elsewhere")
    client, before = signed_in(owner), dump_tables()
    response = client.post(url, {"units": ["Retail", unit]})
    assert response.status_code == 422
    assert "no longer there" in text(response)
    assert parse(response.content).findtext(".//title").strip().startswith("Error:")
    assert faults(response.content) == []
    assert parse(response.content).xpath("//input[@name='units'][@checked]/@value") == ["Retail"]
    assert changed_tables(before, dump_tables()) == []


def test_members_of_others(owner: User, outsider: User, organisation: Organisation) -> None:
    theirs = reverse("projects:member_units", args=[Membership.objects.get(user=outsider).pk])
    client, before = signed_in(owner), dump_tables()
    assert client.get(theirs).status_code == client.post(theirs, {}).status_code == 404
    assert client.get(reverse("projects:member_units", args=[10**12])).status_code == 404
    assert changed_tables(before, dump_tables()) == []


def test_without_units(url: str, owner: User) -> None:
    assert boxes(owner, url) == {}
    assert "No project names a business unit yet" in text(signed_in(owner).get(url))


def test_the_page_of_the_member_leads_here(url: str, owner: User, guest: Membership) -> None:
    page = parse(signed_in(owner).get(reverse("accounts:member", args=[guest.pk])).content)
    assert page.xpath("//main//a/@href").count(url) == 1


@pytest.mark.parametrize("count", [3, 40])
def test_queries(
    url: str, owner: User, organisation: Organisation, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        make_project(organisation, owner, unit=f"Unit {number}")
    client = signed_in(owner)
    with django_assert_num_queries(7):
        client.get(url)

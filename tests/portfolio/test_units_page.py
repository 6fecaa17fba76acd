"""Business units side by side, and the name of one changed."""

from __future__ import annotations

import re

import pytest

from accounts.models import AuditEvent, Membership, Organisation, User
from projects.models import Project
from tests.make import make_member, make_organisation, make_project
from tests.portfolio.conftest import Rate, set_figures
from tests.site.cases import signed_in, text
from tests.site.markup import faults

pytestmark = pytest.mark.django_db


def units(user: User) -> dict[str, str]:
    response = signed_in(user).get("/portfolio/units/")
    assert response.status_code == 200
    assert faults(response.content) == []
    rows = re.findall(r'<tr><th scope="row"><a [^>]+><bdi>([^<]+)</bdi>(.*?)</tr>', text(response), re.DOTALL)
    return dict(rows)


def test_roll_up(organisation: Organisation, owner: User) -> None:
    for name, unit, index, high in (("A", "Retail", 60.0, 70.0), ("B", "Retail", 40.0, 95.0), ("C", "", 20.0, 22.0)):
        project = make_project(organisation, owner, name=name, unit=unit)
        set_figures(project, index=index, low=index - 1, high=high, level=2 + (index > 50), answered=9, due=9)
    found = units(owner)
    assert list(found) == ["Retail", "No unit"]
    assert ">2</td>" in found["Retail"]
    assert "50" in found["Retail"]
    assert "High" in found["Retail"]
    assert "<bdi>B</bdi>" in found["Retail"]
    assert "up to 95" in found["Retail"]
    assert "unit=-" in text(signed_in(owner).get("/portfolio/units/"))


def test_only_units_in_sight(rate: Rate, owner: User, viewer: User) -> None:
    rate(unit="Retail")
    rate(unit="Energy")
    Membership.objects.filter(user=viewer).update(all_projects=False)
    Membership.objects.get(user=viewer).unit_grants.create(unit="Energy")
    assert list(units(viewer)) == ["Energy"]


def test_nothing_yet(owner: User) -> None:
    assert units(owner) == {}
    assert "No project yet" in text(signed_in(owner).get("/portfolio/units/"))


class TestRename:
    def post(self, user: User, **fields: str) -> int:
        return signed_in(user).post("/portfolio/units/rename/", fields).status_code

    def test_renamed(self, organisation: Organisation, owner: User, viewer: User) -> None:
        make_project(organisation, owner, name="A", unit="Retial")
        Membership.objects.get(user=viewer).unit_grants.create(unit="Retial")
        assert self.post(owner, unit="Retial", name="Retail") == 302
        assert Project.objects.get().unit == "Retail"
        assert list(Membership.objects.get(user=viewer).unit_grants.values_list("unit", flat=True)) == ["Retail"]
        assert AuditEvent.objects.filter(verb="unit.renamed", thing="Retail").exists()
        assert list(units(owner)) == ["Retail"]

    def test_merged_in_the_spelling_that_is_there(self, organisation: Organisation, owner: User) -> None:
        make_project(organisation, owner, name="A", unit="Retail")
        make_project(organisation, owner, name="B", unit="Shops")
        assert self.post(owner, unit="Shops", name="retail") == 302
        assert set(Project.objects.values_list("unit", flat=True)) == {"Retail"}

    def test_the_case_alone(self, organisation: Organisation, owner: User) -> None:
        make_project(organisation, owner, unit="retail")
        assert self.post(owner, unit="retail", name="Retail") == 302
        assert Project.objects.get().unit == "Retail"

    @pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\x07b"])
    def test_a_bad_name_changes_nothing(self, organisation: Organisation, owner: User, name: str) -> None:
        make_project(organisation, owner, unit="Retail")
        response = signed_in(owner).post("/portfolio/units/rename/", {"unit": "Retail", "name": name})
        assert response.status_code == 422
        assert "New name:" in text(response)
        assert faults(response.content) == []
        assert Project.objects.get().unit == "Retail"

    def test_not_another_organisation(self, organisation: Organisation, owner: User) -> None:
        make_project(organisation, owner, unit="Retail")
        stranger = make_member(make_organisation("Elsewhere"), "owner")
        assert self.post(stranger, unit="Retail", name="Mine") == 404
        assert Project.objects.get().unit == "Retail"

    @pytest.mark.parametrize("unit", ["", "-", "Nowhere"])
    def test_a_unit_that_is_none(self, organisation: Organisation, owner: User, unit: str) -> None:
        make_project(organisation, owner, name="Without")
        assert self.post(owner, unit=unit, name="Mine") == 404
        assert Project.objects.get().unit == ""
        assert not AuditEvent.objects.filter(verb="unit.renamed").exists()

    def test_no_unit_is_called_as_none(self, organisation: Organisation, owner: User) -> None:
        make_project(organisation, owner, unit="Retail")
        assert self.post(owner, unit="Retail", name="-") == 422

    def test_owners_alone(self, organisation: Organisation, owner: User) -> None:
        for role in ("editor", "respondent", "viewer"):
            assert self.post(make_member(organisation, role), unit="a", name="b") == 403
        assert signed_in(owner).get("/portfolio/units/rename/").status_code == 405

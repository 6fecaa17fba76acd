"""Business units: who sees which projects by them, and how their names are kept in order."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent, Membership, Organisation, User
from accounts.roles import Role
from accounts.texts import TextRefused
from projects.models import Project, ProjectFigures, ProjectQuerySet, UnitGrant
from projects.services import ProjectDetails, archive_project, set_grants, update_project
from projects.units import MOST_UNITS, UnknownUnit, rename_unit, set_units, spelled_unit, units_of
from tests.access.dump import changed_tables, dump_tables
from tests.make import AT, figures_of, make_member, make_organisation, make_project
from tests.site.cases import signed_in, text


def all_of(organisation: Organisation) -> ProjectQuerySet:
    return Project.objects.filter(organisation=organisation)


@pytest.fixture
def projects(organisation: Organisation, owner: User) -> dict[str, Project]:
    """Projects by name: two of a unit, one of another, one of none; and one of another organisation's same unit."""
    made = {
        name: make_project(organisation, owner, name=name, unit=unit)
        for name, unit in (("Shop", "Retail"), ("Till", "Retail"), ("Route", "Logistics"), ("Loose", ""))
    }
    south = make_organisation("South")
    theirs = make_project(south, make_member(south, Role.OWNER), name="Theirs", unit="Retail")
    return made | {"Theirs": theirs}


def narrowed(organisation: Organisation, role: str = Role.VIEWER) -> Membership:
    user = make_member(organisation, role, all_projects=False)
    return Membership.objects.select_related("user", "organisation").get(user=user)


def seen_by(membership: Membership) -> set[str]:
    """By both ways of asking, which must agree in every organisation."""
    asked = Project.objects.visible_to(membership.user).filter(organisation=membership.organisation)
    quick = Project.objects.in_sight_of(membership)
    names = sorted(asked.values_list("name", flat=True))
    assert sorted(quick.values_list("name", flat=True)) == names
    return set(names)


class TestSight:
    ALL = {"Shop", "Till", "Route", "Loose"}

    @pytest.mark.parametrize("role", list(Role))
    def test_all_projects(self, organisation: Organisation, projects: dict[str, Project], role: Role) -> None:
        user = make_member(organisation, role)
        assert seen_by(Membership.objects.get(user=user)) == self.ALL

    def test_an_owner_always(self, organisation: Organisation, projects: dict[str, Project]) -> None:
        assert seen_by(narrowed(organisation, Role.OWNER)) == self.ALL

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.RESPONDENT, Role.VIEWER])
    def test_nothing(self, organisation: Organisation, projects: dict[str, Project], role: Role) -> None:
        assert seen_by(narrowed(organisation, role)) == set()

    def test_a_grant(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        member = narrowed(organisation)
        set_grants(project=projects["Route"], grants={member: Role.VIEWER}, by=owner)
        assert seen_by(member) == {"Route"}

    @pytest.mark.parametrize(
        ("units", "seen"),
        [({"Retail"}, {"Shop", "Till"}), ({"Logistics"}, {"Route"}), ({"Retail", "Logistics"}, ALL - {"Loose"}),
         ({"retail"}, set()), ({"Retai"}, set()), ({"Retail "}, set()), ({"%"}, set()), ({"Gone"}, set())],
    )  # fmt: skip
    def test_a_unit(
        self, organisation: Organisation, projects: dict[str, Project], owner: User, units: set[str], seen: set[str]
    ) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units=units, by=owner)
        assert seen_by(member) == seen

    def test_both_count_once(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"Retail"}, by=owner)
        set_grants(project=projects["Shop"], grants={member: Role.EDITOR}, by=owner)
        set_grants(project=projects["Loose"], grants={member: Role.VIEWER}, by=owner)
        assert seen_by(member) == {"Shop", "Till", "Loose"}

    def test_units_do_not_narrow(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        """They only act while the member does not see everything."""
        member = narrowed(organisation)
        set_units(membership=member, units={"Retail"}, by=owner)
        Membership.objects.filter(pk=member.pk).update(all_projects=True)
        member.refresh_from_db()
        assert seen_by(member) == self.ALL

    def test_the_same_name_elsewhere(
        self, organisation: Organisation, projects: dict[str, Project], owner: User
    ) -> None:
        """One person in two organisations that both have this unit: each membership opens its own."""
        here = narrowed(organisation)
        south = projects["Theirs"].organisation
        there = Membership.objects.create(user=here.user, organisation=south, role=Role.VIEWER, all_projects=False)
        set_units(membership=here, units={"Retail"}, by=owner)
        assert (seen_by(here), seen_by(there)) == ({"Shop", "Till"}, set())
        set_units(membership=there, units={"Retail"}, by=owner)
        assert (seen_by(here), seen_by(there)) == ({"Shop", "Till"}, {"Theirs"})
        assert Project.objects.visible_to(here.user).count() == 3
        set_units(membership=here, units=(), by=owner)
        assert (seen_by(here), seen_by(there)) == (set(), {"Theirs"})

    def test_somebody_of_elsewhere(self, organisation: Organisation, projects: dict[str, Project]) -> None:
        outsider = make_member(make_organisation("East"), Role.OWNER)
        assert seen_by(Membership.objects.get(user=outsider)) == set()

    def test_what_joins_the_unit_later(
        self, organisation: Organisation, projects: dict[str, Project], owner: User
    ) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"Retail"}, by=owner)
        make_project(organisation, owner, name="New", unit="Retail")
        moved = ProjectDetails("Shop", "Full shelves.", "pilot", unit="Logistics")
        update_project(project=projects["Shop"], details=moved, by=owner)
        assert seen_by(member) == {"Till", "New"}

    def test_the_role_is_that_of_the_membership(
        self, organisation: Organisation, projects: dict[str, Project], owner: User
    ) -> None:
        for role, status in ((Role.EDITOR, 200), (Role.VIEWER, 403)):
            member = narrowed(organisation, role)
            set_units(membership=member, units={"Retail"}, by=owner)
            client = signed_in(member.user)
            assert client.get(f"/projects/{projects['Shop'].slug}/").status_code == 200
            assert client.get(f"/projects/{projects['Shop'].slug}/settings/").status_code == status
            assert client.get(f"/projects/{projects['Route'].slug}/").status_code == 404
            page = text(client.get("/projects/"))
            assert "Till" in page
            assert "Route" not in page


class TestNames:
    def test_in_order_each_once(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        assert units_of(all_of(organisation)) == ["Logistics", "Retail"]
        archive_project(project=projects["Route"], by=owner, at=AT)
        assert units_of(all_of(organisation)) == ["Logistics", "Retail"], "an archived project keeps its unit"

    def test_not_endlessly_many(self, organisation: Organisation, owner: User) -> None:
        project = make_project(organisation, owner, unit="Unit")
        Project.objects.bulk_create(
            Project(organisation=organisation, slug=f"p-{n}", name="P", goal="G", stage=project.stage, unit=f"U{n:03}")
            for n in range(MOST_UNITS + 5)
        )
        assert units_of(all_of(organisation)) == [f"U{n:03}" for n in range(MOST_UNITS)]

    @pytest.mark.parametrize(
        ("written", "spelled"),
        [("Retail", "Retail"), ("retail", "Retail"), ("RETAIL", "Retail"), ("Retail 2", "Retail 2"), ("", ""),
         ("Reta_l", "Reta_l"), ("Reta%", "Reta%"), ("logistics", "Logistics")],
    )  # fmt: skip
    def test_spelled_as_before(
        self, organisation: Organisation, projects: dict[str, Project], written: str, spelled: str
    ) -> None:
        assert spelled_unit(all_of(organisation), written) == spelled

    def test_others_do_not_spell_for_us(self, projects: dict[str, Project]) -> None:
        assert spelled_unit(all_of(projects["Theirs"].organisation), "logistics") == "logistics"
        assert spelled_unit(all_of(projects["Theirs"].organisation), "retail") == "Retail"

    def test_in_the_form(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        form = {"name": "New one", "goal": "Less stock.", "stage": "idea", "unit": "rETAIL"}
        assert signed_in(owner).post("/projects/new/", form).status_code == 302
        assert Project.objects.get(name="New one").unit == "Retail"


class TestRenaming:
    def test_a_new_name(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"Retail"}, by=owner)
        ProjectFigures.objects.update(changed_at=AT)
        assert rename_unit(organisation=organisation, unit="Retail", name=" Shops ", by=owner) == 2
        assert units_of(all_of(organisation)) == ["Logistics", "Shops"]
        assert units_of(all_of(projects["Theirs"].organisation)) == ["Retail"]
        assert seen_by(member) == {"Shop", "Till"}
        moved = {name for name, project in projects.items() if figures_of(project).changed_at > AT}
        assert moved == {"Shop", "Till"}
        event = AuditEvent.objects.get(verb="unit.renamed")
        assert (event.thing, event.actor, event.organisation) == ("Shops", owner, organisation)
        assert event.detail == {"before": "Retail", "projects": 2}

    def test_merging(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        """Also of grants: who held one or both holds the merged one, once."""
        members = {names: narrowed(organisation) for names in ("Retail", "Logistics", "Retail Logistics", "")}
        for names, member in members.items():
            set_units(membership=member, units=names.split(), by=owner)
        assert rename_unit(organisation=organisation, unit="Retail", name="logistics", by=owner) == 2
        assert units_of(all_of(organisation)) == ["Logistics"]
        for names, member in members.items():
            assert seen_by(member) == ({"Shop", "Till", "Route"} if names else set())
        assert UnitGrant.objects.count() == 3

    def test_another_case(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        """The spelling itself can be changed, and then counts."""
        assert rename_unit(organisation=organisation, unit="Retail", name="RETAIL", by=owner) == 2
        assert units_of(all_of(organisation)) == ["Logistics", "RETAIL"]
        assert spelled_unit(all_of(organisation), "retail") == "RETAIL"

    def test_grants_of_others_stay(self, projects: dict[str, Project], organisation: Organisation, owner: User) -> None:
        theirs = narrowed(projects["Theirs"].organisation)
        set_units(membership=theirs, units={"Retail"}, by=owner)
        rename_unit(organisation=organisation, unit="Retail", name="Shops", by=owner)
        assert seen_by(theirs) == {"Theirs"}

    @pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x00b"])
    def test_bad_names(self, organisation: Organisation, projects: dict[str, Project], owner: User, name: str) -> None:
        before = dump_tables()
        with pytest.raises(TextRefused, match="New name"):
            rename_unit(organisation=organisation, unit="Retail", name=name, by=owner)
        assert changed_tables(before, dump_tables()) == []

    def test_the_same_name(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        rename_unit(organisation=organisation, unit="Retail", name="Retail", by=owner)
        assert units_of(all_of(organisation)) == ["Logistics", "Retail"]
        assert not AuditEvent.objects.filter(verb="unit.renamed").exists()

    def test_an_unknown_unit(self, organisation: Organisation, projects: dict[str, Project], owner: User) -> None:
        with pytest.raises(UnknownUnit):
            rename_unit(organisation=organisation, unit="Nowhere", name="Shops", by=owner)
        assert units_of(all_of(organisation)) == ["Logistics", "Retail"]


class TestSetting:
    def test_changes_alone_are_written(self, organisation: Organisation, owner: User) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units=["B", "A", "B"], by=owner)
        kept = UnitGrant.objects.get(unit="A")
        set_units(membership=member, units={"A", "C"}, by=owner)
        assert UnitGrant.objects.get(unit="A") == kept
        assert sorted(member.unit_grants.values_list("unit", flat=True)) == ["A", "C"]
        before = dump_tables()
        set_units(membership=member, units=("C", "A"), by=owner)
        assert changed_tables(before, dump_tables()) == []

    def test_audited(self, organisation: Organisation, owner: User) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"B", "A"}, by=owner)
        set_units(membership=member, units=(), by=owner)
        events = AuditEvent.objects.filter(verb="member.units").order_by("id")
        assert [event.detail for event in events] == [{"units": "A, B"}, {"units": ""}]
        assert {(event.thing, event.actor, event.organisation) for event in events} == {
            (f"user:{member.user_id}", owner, organisation)
        }

    def test_an_error_leaves_nothing(
        self, organisation: Organisation, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"A"}, by=owner)
        make_project(organisation, owner, unit="A")

        def broken(**detail: object) -> None:
            raise RuntimeError("in the middle")

        monkeypatch.setattr("accounts.audit.record", broken)
        for act in (
            lambda: set_units(membership=member, units={"B"}, by=owner),
            lambda: rename_unit(organisation=organisation, unit="A", name="B", by=owner),
        ):
            before = dump_tables()
            with pytest.raises(RuntimeError):
                act()
            assert changed_tables(before, dump_tables()) == []

    def test_what_the_database_refuses(self, organisation: Organisation, owner: User) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"A"}, by=owner)
        for unit in ("A", ""):
            with pytest.raises(IntegrityError), transaction.atomic():
                UnitGrant.objects.create(membership=member, unit=unit)

    def test_they_go_with_the_membership(self, organisation: Organisation, owner: User) -> None:
        member = narrowed(organisation)
        set_units(membership=member, units={"A"}, by=owner)
        member.delete()
        assert not UnitGrant.objects.exists()

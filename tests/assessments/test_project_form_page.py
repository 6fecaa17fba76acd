"""Making a project and changing it. What was typed is never lost, and nothing can be set that is not asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Organisation, User
from accounts.roles import Role
from assessments.evaluation import evaluate_assessment
from assessments.models import Assessment
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import answer_all, figures_of, make_assessment, make_member, make_organisation, make_user
from tests.site.cases import WRITERS, signed_in, text, usual_cases
from tests.site.markup import faults, parse

URL = "/projects/new/"


def form(**changes: Any) -> dict[str, Any]:
    return {"name": "Forecast", "goal": "Less stock.", "stage": "pilot", **changes}


class TestNew:
    def test_who_may(self, organisation: Organisation, owner: User, client: Client, outsider: User) -> None:
        for role in Role:
            status = 200 if role in WRITERS else 403
            member = signed_in(make_member(organisation, role))
            assert member.get(URL).status_code == status
            assert member.post(URL, form()).status_code == (302 if role in WRITERS else 403)
        assert Project.objects.count() == 2
        assert client.get(URL).status_code == client.post(URL, form()).status_code == 302
        assert signed_in(make_user()).get(URL).status_code == 403
        assert signed_in(owner).put(URL).status_code == 405
        signed_in(outsider).post(URL, form(name="Theirs"))
        assert Project.objects.get(name="Theirs").organisation != organisation

    def test_the_empty_form(self, owner: User) -> None:
        response = signed_in(owner).get(URL)
        page = parse(response.content)
        assert faults(response.content) == []
        assert page.xpath("//input[@name='stage'][@checked]/@value") == ["idea"]
        assert page.xpath("//select[@name='owner']/option[@selected]/@value") == [str(owner.pk)]

    def test_made(self, owner: User, editor: User) -> None:
        response = signed_in(editor).post(
            URL,
            form(facts=["real_time", "personal_data"], owner=owner.pk, unit=" Retail ", planned_date="2027-02-28",
                 tags="a, b ,, a,two  words"),
        )  # fmt: skip
        project = Project.objects.get()
        assert response.headers["Location"] == reverse("assessments:overview", args=[project.slug])
        assert (project.name, project.unit, project.stage, project.owner) == ("Forecast", "Retail", "pilot", owner)
        assert project.facts == ["personal_data", "real_time"]
        assert project.tags == ["a", "b", "two words"]
        assert project.planned_date == date(2027, 2, 28)
        assert not project.is_demo
        assert project.assessments.get().title == "Pilot gate review"
        assert AuditEvent.objects.get(verb="project.created").actor == editor

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"name": ""}, "Name"), ({"name": " \t "}, "Name: please fill this in."), ({"name": "a\nb"}, "Name"),
            ({"name": "x" * 121}, "Name"), ({"goal": ""}, "Goal in one sentence"), ({"goal": "x" * 301}, "Goal"),
            ({"stage": "later"}, "Which stage does it want to enter?"), ({"stage": ""}, "Which stage"),
            ({"facts": ["unheard_of"]}, "What is true of it?"), ({"owner": "999999"}, "Owner"),
            ({"owner": "x"}, "Owner"), ({"unit": "x" * 81}, "Business unit"),
            ({"tags": ",".join("abcdefghijklm")}, "Tags: at most 12"),
            ({"tags": "x" * 41}, "Tags: at most 40"), ({"planned_date": "soon"}, "Planned date"),
            ({"planned_date": "2027-02-30"}, "Planned date"), ({"planned_date": "99999-01-01"}, "Planned date"),
        ],
    )  # fmt: skip
    def test_refused(self, owner: User, changes: dict[str, Any], words: str) -> None:
        client = signed_in(owner)
        before = dump_tables()
        typed = form(unit="Kept unit", tags="kept, tags")
        response = client.post(URL, typed | changes)
        assert response.status_code == 422
        assert changed_tables(before, dump_tables()) == []
        page = parse(response.content)
        errors = page.xpath("//div[@role='alert']//li")
        assert len(errors) == 1
        assert words in errors[0].text_content()
        assert page.findtext(".//title").strip().startswith("Error:")
        assert faults(response.content) == []
        for name in {"unit", "tags"} - set(changes):
            assert page.xpath(f"//input[@name='{name}']/@value") == [typed[name]]

    def test_nothing_at_all(self, owner: User) -> None:
        response = signed_in(owner).post(URL, {})
        assert response.status_code == 422
        assert len(parse(response.content).xpath("//div[@role='alert']//li")) == 3

    def test_people_of_others_cannot_own_it(self, owner: User, outsider: User) -> None:
        response = signed_in(owner).post(URL, form(owner=outsider.pk))
        assert response.status_code == 422
        assert outsider.name not in text(response)
        assert not Project.objects.exists()

    def test_nor_somebody_deactivated(self, owner: User, editor: User) -> None:
        User.objects.filter(pk=editor.pk).update(is_active=False)
        assert signed_in(owner).post(URL, form(owner=editor.pk)).status_code == 422
        assert editor.name not in text(signed_in(owner).get(URL))

    def test_nothing_else_can_be_set(self, owner: User, organisation: Organisation) -> None:
        other = make_organisation("Other")
        extra = {
            "id": "99", "slug": "mine", "organisation": other.pk, "organisation_id": other.pk, "is_demo": "1",
            "archived_at": "2020-01-01", "created_at": "2020-01-01", "member_role": "owner", "assessments": "1",
        }  # fmt: skip
        signed_in(owner).post(URL, form(**extra))
        project = Project.objects.get()
        assert (project.organisation, project.is_demo, project.archived_at) == (organisation, False, None)
        assert project.slug.startswith("forecast-")
        assert project.created_at.year >= 2026

    def test_a_failure_leaves_nothing(self, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(**kwargs: object) -> None:
            raise RuntimeError("in the middle")

        monkeypatch.setattr("assessments.views.project.start_assessment", broken)
        client = Client(raise_request_exception=False)
        client.force_login(owner)
        assert client.post(URL, form()).status_code == 500
        assert not Project.objects.exists()
        assert not AuditEvent.objects.filter(verb="project.created").exists()


class TestSettings:
    @pytest.fixture
    def url(self, project: Project) -> str:
        return reverse("assessments:edit", args=[project.slug])

    def test_usual_cases(self, url: str, owner: User) -> None:
        usual_cases(url, owner, may=WRITERS)
        usual_cases(url, owner, may=WRITERS, form=form())

    def test_what_is_stored_is_shown(self, url: str, project: Project, owner: User) -> None:
        Project.objects.filter(pk=project.pk).update(
            name="A & B <x>", tags=["one", "two"], facts=["real_time"], planned_date=date(2027, 1, 2), owner=None
        )
        page = parse(signed_in(owner).get(url).content)
        assert page.xpath("//input[@name='name']/@value") == ["A & B <x>"]
        assert page.xpath("//input[@name='tags']/@value") == ["one, two"]
        assert page.xpath("//input[@name='facts'][@checked]/@value") == ["real_time"]
        assert page.xpath("//input[@name='planned_date']/@value") == ["2027-01-02"]
        assert page.xpath("//input[@name='stage'][@checked]/@value") == ["pilot"]

    def test_changed(self, url: str, project: Project, assessment: Assessment, owner: User) -> None:
        answer_all(assessment, owner)
        before = figures_of(project).due
        slug = project.slug
        response = signed_in(owner).post(url, form(name="Renamed", stage="idea", facts=["real_time"]), follow=True)
        assert "Saved." in text(response)
        stored = Project.objects.get()
        assert (stored.name, stored.stage, stored.facts, stored.slug) == ("Renamed", "idea", ["real_time"], slug)
        fresh = Assessment.objects.select_related("project").get()
        assert figures_of(project).due < before
        assert figures_of(project).index == evaluate_assessment(fresh).result.index
        assert figures_of(project).stage == "idea"

    def test_without_a_checklist(self, url: str, owner: User) -> None:
        assert signed_in(owner).post(url, form()).status_code == 302

    def test_a_refused_change_keeps_what_was_typed(self, url: str, owner: User) -> None:
        client = signed_in(owner)
        before = dump_tables()
        response = client.post(url, form(goal="", name="Half typed"))
        assert response.status_code == 422
        assert parse(response.content).xpath("//input[@name='name']/@value") == ["Half typed"]
        assert changed_tables(before, dump_tables()) == []
        # The heading still says what is stored.
        assert parse(response.content).findtext(".//h1/bdi") == "Forecast"

    def test_nothing_at_all(self, url: str, owner: User) -> None:
        assert signed_in(owner).post(url, {}).status_code == 422

    def test_only_owners_are_led_to_people(self, url: str, owner: User, editor: User) -> None:
        assert "Who sees this project" in text(signed_in(owner).get(url))
        assert "Who sees this project" not in text(signed_in(editor).get(url))

    def test_queries(
        self, url: str, assessment: Assessment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_member(owner.memberships.get().organisation, Role.VIEWER)
        client = signed_in(owner)
        with django_assert_num_queries(7):  # one of them for the names of the units to choose from
            client.get(url)


def test_making_takes_a_checklist_along(owner: User, project: Project) -> None:
    assert make_assessment(project, owner).checklist.version == "1.0"

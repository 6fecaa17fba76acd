"""Who the people of a file become here, what is refused because of what is here, and two imports at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services as accounts_services
from accounts.models import AuditEvent, Membership, Organisation, User
from accounts.roles import Role
from assessments.models import Answer, AnswerChange, Snapshot
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.make import (
    PASSWORD,
    make_answer,
    make_assessment,
    make_member,
    make_organisation,
    make_project,
    make_user,
)
from tests.site.cases import signed_in, text
from tests.transfers.files import (
    Document,
    add_member,
    changed,
    content_of,
    make_rich_project,
    make_stranger,
    remove,
    small_file,
)
from transfers.document import IMPORTED_DOMAIN
from transfers.errors import AlreadyHere, TransferRefused
from transfers.exporting import export_project, file_bytes
from transfers.importing import import_project, preview_import
from transfers.reading import read_project_file

pytestmark = pytest.mark.django_db


def take(data: bytes, organisation: Organisation, by: User) -> Project:
    return import_project(organisation=organisation, document=read_project_file(data), by=by, at=timezone.now())


@pytest.fixture
def data(organisation: Organisation, owner: User, editor: User) -> bytes:
    """The file of a project that is no longer here."""
    project = make_rich_project(organisation, owner, editor)
    found = file_bytes(export_project(project))
    remove(project)
    return found


@pytest.fixture
def south(outsider: User) -> Organisation:
    return outsider.memberships.get().organisation


def placeholders() -> list[User]:
    return list(User.objects.filter(email__endswith=f"@{IMPORTED_DOMAIN}").order_by("name"))


class TestPeople:
    def test_members_are_matched_by_address(
        self, data: bytes, organisation: Organisation, owner: User, editor: User
    ) -> None:
        take(data, organisation, owner)
        assert placeholders() == []
        assert set(AnswerChange.objects.values_list("by", flat=True)) == {owner.pk, editor.pk}

    def test_others_only_carry_a_name(
        self, data: bytes, south: Organisation, outsider: User, owner: User, editor: User
    ) -> None:
        """Accounts with these addresses exist here, in another organisation. They are not touched."""
        project = take(data, south, outsider)
        made = placeholders()
        assert [user.name for user in made] == [editor.name, owner.name]
        for user in made:
            assert not user.is_active
            assert not user.has_usable_password()
            assert not user.memberships.exists()
        assert set(AnswerChange.objects.values_list("by", flat=True)) == {user.pk for user in made}
        assert set(Snapshot.objects.values_list("taken_by", flat=True)) == {user.pk for user in made}
        assert project.owner is None
        assert owner.email not in str(content_of(project))
        assert not Membership.objects.filter(organisation=south).exclude(user=outsider).exists()

    def test_they_cannot_sign_in_or_get_a_new_password(
        self, data: bytes, south: Organisation, outsider: User, mailoutbox: list[object]
    ) -> None:
        take(data, south, outsider)
        user = placeholders()[0]
        for password in (PASSWORD, "", user.password, "!"):
            response = Client().post(reverse("account_login"), {"login": user.email, "password": password})
            assert response.status_code == 422
        Client().post(reverse("account_reset_password"), {"email": user.email})
        assert mailoutbox == []

    def test_they_are_in_no_list(self, data: bytes, south: Organisation, outsider: User) -> None:
        slug = take(data, south, outsider).slug
        client, names = signed_in(outsider), [user.name for user in placeholders()]
        for path in (
            reverse("accounts:members"),
            reverse("assessments:create"),
            reverse("assessments:edit", args=[slug]),
            reverse("projects:people", args=[slug]),
            reverse("portfolio:dashboard"),
        ):
            page = text(client.get(path))
            assert not [name for name in names if name in page], path
        assert names[0] in text(client.get(reverse("assessments:history", args=[slug])))

    def test_a_later_invitation_is_not_blocked(
        self, data: bytes, south: Organisation, outsider: User, owner: User
    ) -> None:
        address = "somebody-new@example.net"
        data = data.replace(owner.email.encode(), address.encode())
        document = content_of(take(unsealed(data), south, outsider))
        assert address not in str(document)
        invited = accounts_services.invite(
            organisation=south, email=address, role=Role.EDITOR, all_projects=True, by=outsider, at=timezone.now()
        )
        membership = accounts_services.accept_invitation_as_new_person(
            invitation=invited.invitation, name="Somebody New", password=PASSWORD, at=timezone.now()
        )
        assert membership.user.is_active
        assert membership.user not in placeholders()

    def test_forged_attributions_reach_members_of_this_organisation_alone(
        self, data: bytes, south: Organisation, outsider: User, owner: User, editor: User
    ) -> None:
        """A file can say what it likes about members here, as the page says; about nobody else."""
        victim = make_stranger()
        boss = make_member(south, Role.OWNER, name="The real boss")
        data = data.replace(owner.email.encode(), victim.email.upper().encode())
        data = data.replace(editor.email.encode(), boss.email.encode())
        take(unsealed(data), south, outsider)
        assert boss.pk in set(AnswerChange.objects.values_list("by", flat=True))
        assert victim.pk not in set(AnswerChange.objects.values_list("by", flat=True))
        assert not Answer.objects.filter(answered_by=victim).exists()
        victim.refresh_from_db()
        assert (victim.name, victim.is_active, victim.email) == (
            "Canary Stranger", True, "canary-stranger@example.net"
        )  # fmt: skip
        event = AuditEvent.objects.get(verb="project.imported")
        assert (event.actor, event.organisation) == (outsider, south)
        assert (event.detail["members"], event.detail["others"]) == (1, 1)

    def test_the_same_person_of_two_files_is_one(self, data: bytes, south: Organisation, outsider: User) -> None:
        take(data, south, outsider)
        once = placeholders()
        project = Project.objects.get()
        remove(project)
        take(data, south, outsider)
        assert placeholders() == once
        remove(Project.objects.get())
        other = make_organisation("East")
        by = make_member(other, Role.OWNER)
        take(data, other, by)
        assert len(placeholders()) == 2 * len(once)

    def test_a_disabled_member_is_matched_and_owns_nothing(
        self, data: bytes, organisation: Organisation, owner: User, editor: User
    ) -> None:
        owner.is_active = False
        owner.save()
        project = take(data, organisation, editor)
        assert project.owner is None
        assert placeholders() == []
        assert Snapshot.objects.filter(taken_by=owner).exists()


def unsealed(data: bytes) -> bytes:
    """The file with a hash that fits what was changed in it."""
    return changed(read_raw(data), lambda content: None)


def read_raw(data: bytes) -> Document:
    return dict(json.loads(data))


class TestPlace:
    def test_the_address_is_kept_if_it_is_free(self, data: bytes, organisation: Organisation, owner: User) -> None:
        slug = read_project_file(data).description.slug
        assert take(data, organisation, owner).slug == slug

    @pytest.mark.parametrize("slug", ["import", "new", "taken"])
    def test_a_new_address_otherwise(self, south: Organisation, outsider: User, owner: User, slug: str) -> None:
        project = make_project(owner.memberships.get().organisation, owner)
        Project.objects.filter(pk=project.pk).update(slug="taken")
        made = take(small_file("Shelf camera", slug), south, outsider)
        assert made.slug != slug
        assert made.slug.startswith("shelf-camera-")
        assert signed_in(outsider).get(reverse("assessments:overview", args=[made.slug])).status_code == 200

    def test_it_is_here_already(self, organisation: Organisation, owner: User, editor: User) -> None:
        project = make_rich_project(organisation, owner, editor)
        document = read_project_file(file_bytes(export_project(project)))
        before = dump_tables()
        for target in (organisation, make_organisation("East")):
            with pytest.raises(AlreadyHere, match=r"^This project, or a copy of it, is here already\.$"):
                import_project(organisation=target, document=document, by=owner, at=timezone.now())
        assert set(changed_tables(before, dump_tables())) == {"accounts_organisation"}

    def test_without_snapshots_it_is_known_by_its_beginning(self, organisation: Organisation, owner: User) -> None:
        take(small_file(), organisation, owner)
        for data in (small_file(), small_file(slug="other-00000000")):
            with pytest.raises(AlreadyHere):
                take(data, organisation, owner)
        assert take(small_file(name="Another", slug="other-00000000"), organisation, owner)
        assert Project.objects.count() == 2

    def test_a_project_made_here_is_known_too(self, project: Project, owner: User) -> None:
        data = file_bytes(export_project(project))
        with pytest.raises(AlreadyHere):
            take(data, project.organisation, owner)

    def test_moments_in_the_future(self, data: bytes, organisation: Organisation, owner: User) -> None:
        document = read_project_file(data)
        before, early = dump_tables(), document.newest_moment() - timedelta(days=2)
        with pytest.raises(TransferRefused, match=r"^The file tells of \d+ \w+ 20\d\d, which is in the future\. Check"):
            import_project(organisation=organisation, document=document, by=owner, at=early)
        assert changed_tables(before, dump_tables()) == []
        late = document.newest_moment() - timedelta(hours=23)
        assert import_project(organisation=organisation, document=document, by=owner, at=late)

    def test_the_trail(self, data: bytes, organisation: Organisation, owner: User) -> None:
        project = take(data, organisation, owner)
        event = AuditEvent.objects.get(verb="project.imported")
        assert event.thing == project.slug
        assert event.detail == {
            "name": project.name, "sha256": read_project_file(data).sha256, "runs": 2, "answers": 123, "snapshots": 3,
            "members": 2, "others": 0,
        }  # fmt: skip

    def test_the_preview_says_what_will_be(self, data: bytes, south: Organisation, outsider: User, owner: User) -> None:
        add_member(south, owner)
        owner.name = "Renamed"
        owner.save()
        before = dump_tables()
        preview = preview_import(organisation=south, document=read_project_file(data), at=timezone.now())
        assert preview.members == ("Renamed (in the file: North Owner)",)
        assert preview.others == ("North Editor",)
        assert preview.keeps_address
        assert changed_tables(before, dump_tables()) == []


def at_once(*tasks: Callable[[], object]) -> list[str]:
    start = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> str:
        try:
            start.wait()
            task()
        except TransferRefused as refused:
            return type(refused).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(tasks)) as pool:
        return sorted(pool.map(run, tasks))


@pytest.mark.usefixtures("transactional_db")
class TestAtOnce:
    def test_the_same_file_twice(self) -> None:
        organisation = make_organisation()
        owner = make_member(organisation, Role.OWNER)
        project = make_rich_project(organisation, owner, make_member(organisation, Role.EDITOR))
        data = file_bytes(export_project(project))
        remove(project)
        others = [make_organisation(name) for name in ("East", "West")]
        outcome = at_once(*(lambda target=target: take(data, target, owner) for target in others))
        assert outcome == ["AlreadyHere", "done"]
        assert Project.objects.count() == 1
        assert Snapshot.objects.count() == 3

    def test_without_snapshots_both_get_an_address_of_their_own(self) -> None:
        owner, others = make_user(), [make_organisation(name) for name in ("East", "West")]
        outcome = at_once(*(lambda target=target: take(small_file(), target, owner) for target in others))
        assert outcome == ["done", "done"]
        assert Project.objects.values("slug").distinct().count() == 2

    def test_an_answer_while_it_is_exported(self) -> None:
        """The history belongs to the answers, whoever saves at the same moment."""
        organisation = make_organisation()
        owner = make_member(organisation, Role.OWNER)
        project = make_project(organisation, owner)
        run = make_assessment(project, owner)
        files: list[bytes] = []

        def answer() -> None:
            for revision in range(12):
                make_answer(run, owner, "problem.statement", revision % 2, base=revision)

        def export() -> None:
            files.extend(file_bytes(export_project(project)) for _ in range(12))

        assert at_once(answer, export) == ["done", "done"]
        assert len([read_project_file(data) for data in files]) == 12

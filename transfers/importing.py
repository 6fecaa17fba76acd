"""Storing the project of a checked document in an organisation: all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.crypto import get_random_string, salted_hmac

from accounts import audit
from accounts.models import Membership, Organisation, User
from assessments.models import AgreedAnswer, Answer, AnswerChange, Assessment, Respondent, Snapshot
from assessments.rebuilding import rebuild_figures
from projects.models import Outcome, Project, new_slug
from projects.services import grant_to_maker
from transfers.document import IMPORTED_DOMAIN, Description, Person, ProjectDocument, RunPart, SnapshotPart
from transfers.errors import AlreadyHere, TransferRefused

ROUTES = frozenset({"import", "new"})
"""Words that stand where a project's slug would stand in an address."""

CLOCKS_DIFFER = timedelta(days=1)
NAMES_SHOWN = 20
HERE_ALREADY = "This project, or a copy of it, is here already."

Users = Mapping[str, User]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do with the people of a document. `members` are those of the organisation."""

    members: tuple[str, ...]
    others: tuple[str, ...]
    keeps_address: bool

    @property
    def more_members(self) -> int:
        return max(len(self.members) - NAMES_SHOWN, 0)

    @property
    def more_others(self) -> int:
        return max(len(self.others) - NAMES_SHOWN, 0)


def preview_import(*, organisation: Organisation, document: ProjectDocument, at: datetime) -> Preview:
    """What `import_project` would do now. Raises TransferRefused as it would."""
    _refuse_what_cannot_be(organisation, document, at)
    members, mentioned = _members(organisation, document.people), document.mentioned()
    owner = document.description.owner
    known = [person for person in document.people if person.key in members]
    return Preview(
        members=tuple(member_line(person, members[person.key]) for person in known),
        others=tuple(
            person.name
            for person in document.people
            if person.key not in members and (person.key in mentioned or person.key == owner)
        ),
        keeps_address=_is_free(document.description.slug),
    )


def member_line(person: Person, member: User) -> str:
    """The name of a member, with that of the file where it differs."""
    return member.name if person.name == member.name else f"{member.name} (in the file: {person.name})"


def import_project(*, organisation: Organisation, document: ProjectDocument, by: User, at: datetime) -> Project:
    """Adds the project with its history, snapshots and outcome, and makes its figures anew.

    The caller has checked that `by` may create projects here. People are matched with members of this organisation
    alone, by address. Others get an account that nobody can sign in to. Raises AlreadyHere, and TransferRefused for
    moments in the future.
    """
    try:
        return _store(organisation, document, by=by, at=at)
    except IntegrityError:
        # Another import of the same file was first by a moment. What it took is seen now.
        return _store(organisation, document, by=by, at=at)


@transaction.atomic
def _store(organisation: Organisation, document: ProjectDocument, *, by: User, at: datetime) -> Project:
    _refuse_what_cannot_be(organisation, document, at)
    members = _members(organisation, document.people)
    mentioned = document.mentioned()
    strangers = [person for person in document.people if person.key in mentioned and person.key not in members]
    users = {**members, **_accounts_for(organisation, strangers)}
    project = _store_description(organisation, document.description, members)
    for run in document.runs:
        _store_run(project, run, users)
    if document.outcome is not None:
        outcome = document.outcome
        Outcome.objects.create(
            project=project,
            kind=outcome.kind,
            is_delayed=outcome.is_delayed,
            on=outcome.on,
            sentence=outcome.sentence,
            recorded_by=_user(users, outcome.recorded_by),
            recorded_at=outcome.recorded_at,
        )
    rebuild_figures(project.pk)
    grant_to_maker(project, by)
    audit.record(
        organisation=organisation,
        actor=by,
        verb="project.imported",
        thing=project.slug,
        name=project.name,
        sha256=document.sha256,
        runs=len(document.runs),
        answers=document.answers_count,
        snapshots=len(document.snapshots),
        members=len(members),
        others=len(strangers),
    )
    return project


def _refuse_what_cannot_be(organisation: Organisation, document: ProjectDocument, at: datetime) -> None:
    if document.newest_moment() > at + CLOCKS_DIFFER:
        raise TransferRefused(
            f"The file tells of {document.newest_moment():%-d %B %Y}, which is in the future. Check the clocks of both "
            "installations."
        )
    ids = [row.public_id for row in document.snapshots]
    about = document.description
    # A project without snapshots is known by the moment it was made. SQLite holds one moment in several spellings, so
    # they are compared here.
    same = Project.objects.filter(Q(slug=about.slug) | Q(name=about.name), organisation=organisation)
    is_here = about.created_at in same.values_list("created_at", flat=True)
    if is_here or Snapshot.objects.filter(public_id__in=ids).exists():
        raise AlreadyHere(HERE_ALREADY)


def _is_free(slug: str) -> bool:
    return slug not in ROUTES and not Project.objects.filter(slug=slug).exists()


def _members(organisation: Organisation, people: Collection[Person]) -> dict[str, User]:
    """The people of the file who are members of this organisation, by key. Nobody else's account is looked at."""
    addresses = {person.email: person.key for person in people if person.email}
    rows = Membership.objects.filter(organisation=organisation, user__email__in=list(addresses))
    return {addresses[row.user.email]: row.user for row in rows.select_related("user")}


def _accounts_for(organisation: Organisation, people: Collection[Person]) -> dict[str, User]:
    """Accounts that only carry a name: inactive, without a password, with an address that no mail reaches.

    The same person of several files has one of them, but never in two organisations.
    """
    addresses = {person.key: _placeholder(organisation, person) for person in people}
    accounts = []
    for person in people:
        user = User(email=addresses[person.key], name=person.name, is_active=False)
        user.set_unusable_password()
        accounts.append(user)
    User.objects.bulk_create(accounts, ignore_conflicts=True)
    found = {user.email: user for user in User.objects.filter(email__in=list(addresses.values()))}
    return {key: found[address] for key, address in addresses.items()}


def _placeholder(organisation: Organisation, person: Person) -> str:
    if person.email:
        value = f"{organisation.pk}\n{person.email}\n{person.name}"
        name = salted_hmac("transfers.person", value, algorithm="sha256").hexdigest()[:32]
    else:
        name = get_random_string(32, "0123456789abcdef")
    return f"{name}@{IMPORTED_DOMAIN}"


def _user(users: Users, key: str | None) -> User | None:
    return None if key is None else users[key]


def _store_description(organisation: Organisation, about: Description, members: Users) -> Project:
    owner = members.get(about.owner or "")
    project = Project(
        organisation=organisation,
        slug=about.slug if _is_free(about.slug) else new_slug(about.name),
        name=about.name,
        goal=about.goal,
        stage=about.stage,
        facts=list(about.facts),
        owner=owner if owner is not None and owner.is_active else None,
        unit=about.unit,
        tags=list(about.tags),
        planned_date=about.planned_date,
        planned_value=about.planned_value,
        is_demo=about.is_demo,
        created_at=about.created_at,
        archived_at=about.archived_at,
    )
    project.save(force_insert=True)
    return project


def _store_run(project: Project, run: RunPart, users: Users) -> None:
    assessment = Assessment.objects.create(
        project=project,
        checklist_id=run.checklist_id,
        checklist_version=run.checklist_version,
        title=run.title,
        opened_by=_user(users, run.opened_by),
        opened_at=run.opened_at,
        closed_at=run.closed_at,
        is_latest=run.is_latest,
    )
    _store_answers(assessment, run, users)
    AgreedAnswer.objects.bulk_create(
        AgreedAnswer(
            assessment=assessment,
            question=row.question,
            level=row.level,
            reason=row.reason,
            evidence_title=row.evidence_title,
            evidence_url=row.evidence_url,
            agreed_by=_user(users, row.agreed_by),
            agreed_at=row.agreed_at,
        )
        for row in run.agreed
    )
    Snapshot.objects.bulk_create(_snapshot(assessment, row, users) for row in run.snapshots)


def _store_answers(assessment: Assessment, run: RunPart, users: Users) -> None:
    respondents = Respondent.objects.bulk_create(
        Respondent(assessment=assessment, user=_user(users, row.person), role=row.role, is_sheet=row.is_sheet)
        for row in run.respondents
    )
    by_key = {part.key: row for part, row in zip(run.respondents, respondents, strict=True)}
    answers = Answer.objects.bulk_create(
        Answer(
            respondent=by_key[row.respondent],
            question=row.question,
            **asdict(row.given),
            revision=row.revision,
            answered_by=_user(users, row.answered_by),
            answered_at=row.answered_at,
        )
        for row in run.answers
    )
    by_spot = {(part.respondent, part.question): row for part, row in zip(run.answers, answers, strict=True)}
    AnswerChange.objects.bulk_create(
        AnswerChange(
            answer=by_spot[row.respondent, row.question],
            assessment=assessment,
            question=row.question,
            revision=row.revision,
            before=row.before,
            after=row.after,
            by=users[row.by],
            at=row.at,
            mutation_id=row.mutation,
            through=row.through or None,
        )
        for row in run.changes
    )


def _snapshot(assessment: Assessment, row: SnapshotPart, users: Users) -> Snapshot:
    return Snapshot(
        project=assessment.project,
        assessment=assessment,
        public_id=row.public_id,
        number=row.number,
        label=row.label,
        taken_by=users[row.taken_by],
        taken_at=row.taken_at,
        body=row.body,
        sha256=row.sha256,
        engine=row.engine,
        closes=row.closes,
        answered=row.answered,
        due=row.due,
        index=row.index,
        low=row.low,
        high=row.high,
    )

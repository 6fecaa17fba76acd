"""Made-up portfolios of any size, for measuring alone: every figure is one the engine gave, most moved a little.

A few hundred results are computed from random answers; each project and each of its snapshots takes one of them, scaled
by a few per cent. So sums, ranges and levels hold as in a real portfolio, and 100,000 projects take minutes. There are
no answers behind the figures: pages over many projects work, those of one project show an empty checklist.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import reset_queries, transaction
from django.utils.text import slugify

import scoring
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from assessments.figures import Columns, columns_of
from assessments.models import Assessment, Respondent, Snapshot
from assessments.progress import count_progress, progress_part
from assessments.services import CHECKLIST
from assessments.snapshots import canonical_json, sha256_of
from checklists.loader import load
from checklists.schema import Checklist
from projects.models import Outcome, Project, ProjectFigures, Stage, UnitGrant

BATCH = 500
MEMBERS = 30
MOST_HISTORY = 40
KNOWN, EARLY = 300, 60
FEWEST_UNITS, MOST_UNITS = 4, 60
LABEL = "Made for a benchmark"
TOPICS = (
    "Demand forecast", "Churn warning", "Invoice reading", "Fraud alert", "Route planning", "Price suggestion",
    "Claims triage", "Energy forecast", "Ticket sorting", "Stock level", "Credit check", "Fault finding",
    "Wear warning", "Product search", "Document search", "Shift planning", "Return forecast", "Quality camera",
)  # fmt: skip
PLACES = ("North", "South", "East", "West", "Alpine", "Coast", "Online", "Wholesale", "Service", "Plant", "Export")
TAGS = ("forecast", "vision", "language", "customer", "factory", "risk", "pilot 2026", "vendor", "GDPR", "AI Act")
STAGE_SHARES = {"idea": 30, "prototype": 30, "pilot": 25, "production": 15}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the engine said of one set of answers."""

    facts: tuple[str, ...]
    answers: scoring.Answers
    result: scoring.Result
    progress: Mapping[str, object]

    def columns(self, checklist: Checklist, factor: float) -> Columns:
        """The columns of the result with every figure times `factor`, so that hardly two projects are alike."""
        result = self.result
        dimensions = {
            key: replace(found, risk=found.risk * factor, low=found.low * factor, high=found.high * factor)
            for key, found in result.dimensions.items()
        }
        index, low, high = ((end or 0.0) * factor for end in (result.index, result.low, result.high))
        points = {key: value * factor for key, value in result.points.items()}
        scaled = replace(result, index=index, low=low, high=high, dimensions=dimensions, points=points)
        return columns_of(checklist, self.answers, scaled, self.progress)


class Patterns:
    """By stage: those with a level in the order of their index, and those too early for one."""

    def __init__(self, chance: random.Random) -> None:
        self.checklist = load(*CHECKLIST)
        self.known: dict[str, list[Pattern]] = {}
        self.early: dict[str, list[Pattern]] = {}
        for stage in Stage.values:
            self.known[stage], self.early[stage] = self._of_stage(stage, chance)
        self._indexes = {stage: [p.result.index or 0.0 for p in found] for stage, found in self.known.items()}

    def _of_stage(self, stage: str, chance: random.Random) -> tuple[list[Pattern], list[Pattern]]:
        known: list[Pattern] = []
        early: list[Pattern] = []
        while len(known) < KNOWN or len(early) < EARLY:
            share = chance.uniform(0.05, 0.55) if len(early) < EARLY else chance.choice((1, 1, 1, 0.9, 0.7))
            pattern = self._make(stage, share, chance)
            has_level = pattern.columns(self.checklist, 1)["level"] > 0
            (known if has_level else early).append(pattern)
        return sorted(known, key=lambda pattern: pattern.result.index or 0.0), early

    def _make(self, stage: str, share: float, chance: random.Random) -> Pattern:
        facts = tuple(sorted(fact.id for fact in self.checklist.facts if chance.random() < 0.25))
        instrument = scoring.instrument_for(self.checklist, stage, facts)
        due = self.checklist.questions_due(stage, facts)
        quality, noted = chance.uniform(0, 3.4), chance.uniform(0.3, 1)
        responses = []
        for question in chance.sample(due, max(round(len(due) * share), 1)):
            level = min(max(round(chance.gauss(quality, 0.7)), 0), len(question.choices) - 1)
            is_unknown = chance.random() < 0.03
            responses.append(
                scoring.Response(
                    question.id,
                    level=None if is_unknown else level,
                    dont_know=is_unknown,
                    evidence=chance.random() < noted,
                )
            )
        answers = scoring.Answers(tuple(responses))
        progress = progress_part(count_progress(self.checklist, due, {answer.question for answer in responses}))
        return Pattern(facts, answers, scoring.evaluate(instrument, answers), progress)

    def near(self, stage: str, risk: float, chance: random.Random) -> Pattern:
        place = bisect(self._indexes[stage], risk) + chance.randrange(-6, 7)
        return self.known[stage][min(max(place, 0), KNOWN - 1)]


@dataclass(slots=True)
class Life:
    """One project with what happened to it, not stored yet. `moments` are its reviews, the oldest first."""

    project: Project
    moments: list[datetime]
    stages: list[str]
    columns: list[Columns]
    """Of each review, and last of now."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The people of an organisation, and the password of its owner, who comes first."""

    people: Sequence[User]
    password: str


def make_crowd(organisation: Organisation, *, password: str) -> Crowd:
    """Thirty members: an owner, editors, two respondents, three viewers."""
    domain = f"benchmark-{organisation.pk}.example"
    owner = User.objects.create_user(f"owner@{domain}", password, name="Olive Owner")
    others = [User(email=f"person{n}@{domain}", name=f"Person {n:02}", password="!") for n in range(1, MEMBERS)]  # noqa: S106
    people = [owner, *User.objects.bulk_create(others)]
    roles = [Role.OWNER, *[Role.EDITOR] * (MEMBERS - 6), *[Role.RESPONDENT] * 2, *[Role.VIEWER] * 3]
    Membership.objects.bulk_create(
        Membership(user=user, organisation=organisation, role=role) for user, role in zip(people, roles, strict=True)
    )
    return Crowd(people, password)


def narrow_last_member(organisation: Organisation) -> None:
    """The last viewer sees two units alone, so that a narrowed sight can be measured too."""
    member = Membership.objects.filter(organisation=organisation).order_by("-id")[0]
    Membership.objects.filter(pk=member.pk).update(all_projects=False)
    units = Project.objects.filter(organisation=organisation).exclude(unit="").order_by("unit")
    for unit in units.values_list("unit", flat=True).distinct()[:2]:
        UnitGrant.objects.create(membership=member, unit=unit)


class Portfolio:
    """Makes the projects of one organisation. The same seed and moment give the same projects."""

    def __init__(
        self, organisation: Organisation, people: Sequence[User], *, size: int, history: int, seed: int, at: datetime
    ) -> None:
        self.organisation, self.people, self.size, self.history, self.at = organisation, people, size, history, at
        self.chance = random.Random(seed)  # noqa: S311
        self.patterns = Patterns(self.chance)
        count = min(max(size * 12 // 1000, FEWEST_UNITS), MOST_UNITS)
        self.units = [f"{PLACES[n % len(PLACES)]} {n // len(PLACES) + 1:02}" for n in range(count)]
        self.lean = {unit: self.chance.gauss(0, 6) for unit in self.units}
        self.weights = [1 / (place + 2) for place in range(count)]

    def fill(self) -> Iterator[int]:
        """Stores all projects in batches, and says after each how many there are."""
        for start in range(0, self.size, BATCH):
            numbers = range(start, min(start + BATCH, self.size))
            lives = [self._live(number) for number in numbers]
            with transaction.atomic():
                self._store(lives)
            reset_queries()
            yield numbers.stop

    def _live(self, number: int) -> Life:
        chance = self.chance
        stage = chance.choices(list(STAGE_SHARES), list(STAGE_SHARES.values()))[0]
        stages = self._stages(stage)
        moments = self._moments()
        project = self._describe(number, stage, moments[0] if moments else self.at)
        risk, drift = chance.gauss(50, 17) + self.lean.get(project.unit, 0), chance.gauss(3, 4)
        is_early = chance.random() < 0.06
        columns = []
        for place, then in enumerate(stages):
            if (is_early and place == self.history) or chance.random() < (0.15 if place == 0 else 0.03):
                pattern = chance.choice(self.patterns.early[then])
            else:
                pattern = self.patterns.near(then, risk + drift * (self.history - place), chance)
            columns.append(pattern.columns(self.patterns.checklist, chance.uniform(0.97, 1)))
        project.facts = list(pattern.facts)
        newest = moments[-1] if moments else project.created_at
        if chance.random() < 0.02:
            project.archived_at = newest + (self.at - newest) * chance.random()
        return Life(project, moments, stages, columns)

    def _stages(self, now: str) -> list[str]:
        """The stage at each review and now: none is ever left backwards."""
        place, stages = Stage.values.index(now), [now]
        for _ in range(self.history):
            place = max(place - (self.chance.random() < 0.3), 0)
            stages.append(Stage.values[place])
        return stages[::-1]

    def _moments(self) -> list[datetime]:
        """One review in four is older than 90 days."""
        moment, moments = self.at - timedelta(hours=1, minutes=self.chance.expovariate(1 / 93_000)), []
        for _ in range(self.history):
            moments.append(moment)
            moment -= timedelta(days=self.chance.uniform(45, 130))
        return moments[::-1]

    def _describe(self, number: int, stage: str, first: datetime) -> Project:
        chance = self.chance
        topic, place = chance.choice(TOPICS), chance.choice(PLACES)
        name = f"{topic} {place} {number + 1}"
        planned = (self.at + timedelta(days=chance.randrange(-120, 400))).date()
        return Project(
            organisation=self.organisation,
            slug=f"{slugify(name)}-{self.organisation.pk:x}-{number:06x}",
            name=name,
            goal=f"{topic} for {place}, so that fewer decisions rest on guesses.",
            stage=stage,
            owner=None if chance.random() < 0.03 else chance.choice(self.people),
            unit="" if chance.random() < 0.03 else chance.choices(self.units, self.weights)[0],
            tags=chance.sample(TAGS, chance.randrange(4)),
            planned_date=None if chance.random() < 0.1 else planned,
            planned_value=None if chance.random() < 0.2 else round(chance.lognormvariate(5.5, 1.1)),
            created_at=first - timedelta(days=chance.uniform(5, 40)),
        )

    def _store(self, lives: Sequence[Life]) -> None:
        Project.objects.bulk_create(life.project for life in lives)
        runs = Assessment.objects.bulk_create(
            Assessment(
                project=life.project,
                checklist_id=CHECKLIST[0],
                checklist_version=CHECKLIST[1],
                title=LABEL,
                opened_by=self.people[0],
                opened_at=life.project.created_at,
            )
            for life in lives
        )
        Respondent.objects.bulk_create(Respondent(assessment=run, is_sheet=True) for run in runs)
        snapshots = Snapshot.objects.bulk_create(
            self._snapshot(life, run, place)
            for life, run in zip(lives, runs, strict=True)
            for place in range(self.history)
        )
        ProjectFigures.objects.bulk_create(
            row
            for place, life in enumerate(lives)
            for row in self._figures(life, snapshots[place * self.history : (place + 1) * self.history])
        )
        Outcome.objects.bulk_create(self._outcome(life) for life in lives if self.chance.random() < 0.05)

    def _snapshot(self, life: Life, run: Assessment, place: int) -> Snapshot:
        at, columns = life.moments[place], life.columns[place]
        serial = life.project.pk * MOST_HISTORY + place
        public_id = f"{serial >> 32:04x}-{serial >> 16 & 0xFFFF:04x}-{serial & 0xFFFF:04x}"
        figures = {name: columns[name] for name in ("index", "low", "high", "answered", "due")}
        body = canonical_json(
            {
                "format": 1,
                "id": public_id,
                "number": place + 1,
                "label": LABEL,
                "taken_at": at.isoformat(),
                "stage": life.stages[place],
                "benchmark": True,
                **figures,
            }
        )
        return Snapshot(
            project=life.project,
            assessment=run,
            public_id=public_id,
            number=place + 1,
            label=LABEL,
            taken_by=self.people[0],
            taken_at=at,
            body=body,
            sha256=sha256_of(body),
            engine=scoring.CURRENT,
            **figures,
        )

    def _figures(self, life: Life, snapshots: Sequence[Snapshot]) -> Iterator[ProjectFigures]:
        common = {"project": life.project, "organisation": self.organisation}
        for place, at in enumerate(life.moments):
            yield ProjectFigures(
                **common,
                snapshot=snapshots[place],
                is_current=False,
                from_at=at,
                until_at=life.moments[place + 1] if place + 1 < self.history else None,
                changed_at=at,
                reviewed_at=at,
                stage=life.stages[place],
                **life.columns[place],
            )
        newest = life.moments[-1] if life.moments else None
        start = newest or life.project.created_at
        yield ProjectFigures(
            **common,
            is_current=True,
            changed_at=start + (self.at - timedelta(minutes=1) - start) * self.chance.random(),
            reviewed_at=newest,
            stage=life.project.stage,
            **life.columns[-1],
        )

    def _outcome(self, life: Life) -> Outcome:
        kind = self.chance.choices(Outcome.Kind.values, [45, 25, 20, 10])[0]
        at = self.at - timedelta(days=self.chance.uniform(0.1, 300))
        return Outcome(
            project=life.project,
            kind=kind,
            on=at.date(),
            is_delayed=self.chance.random() < 0.3,
            recorded_by=self.people[0],
            recorded_at=at,
        )

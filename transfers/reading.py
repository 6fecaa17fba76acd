"""From the bytes of a file to a checked document. Whatever is read, the outcome is a document or TransferRefused."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Collection, Mapping

from accounts.models import NAME_LIMIT
from accounts.texts import EMAIL_LIMIT, TextRefused, clean_email
from assessments.services import CHECKLIST
from assessments.snapshots import canonical_json, sha256_of
from checklists.loader import UnknownChecklist, load
from checklists.schema import Checklist
from projects.forms import VALUE_LIMIT
from projects.models import GOAL_LIMIT, NO_UNIT, TAG_LIMIT, TAGS_LIMIT, UNIT_LIMIT, Outcome, Stage
from transfers.document import (
    FILE_LIMIT,
    FORMAT,
    PEOPLE_LIMIT,
    RUNS_LIMIT,
    SNAPSHOTS_LIMIT,
    VERSION,
    Description,
    OutcomePart,
    Person,
    ProjectDocument,
    RunPart,
)
from transfers.errors import TransferRefused
from transfers.fields import Fields, stored_text
from transfers.runs import read_run
from transfers.strict_json import read_json

HEADER = ("format", "version", "made_at", "product", "checklists", "sha256", "content")
PARTS = ("project", "people", "runs", "outcome")
CHECKLISTS_LIMIT = 20
SLUG = re.compile(r"[a-z0-9_-]{1,80}", re.ASCII)
_KEY = re.compile(r"p[1-9][0-9]{0,4}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}", re.ASCII)


def read_project_file(data: bytes) -> ProjectDocument:
    """The document in the bytes of a file. Raises TransferRefused with a sentence and its place.

    Reads nothing from the database: what this installation holds already is looked at by `import_project`.
    """
    if len(data) > FILE_LIMIT:
        raise TransferRefused(f"The file is larger than {FILE_LIMIT // 1_000_000} MB.")
    if data.startswith(b"PK\x03\x04"):
        raise TransferRefused(
            "this is a ZIP file. One of a whole organisation comes in by manage.py import_organisation.", "File"
        )
    value = read_json(data.removeprefix(BOM_UTF8))
    if not isinstance(value, Mapping) or value.get("format") != FORMAT:
        raise TransferRefused("this is not a file of one project that Preflight exported.", "format")
    header = Fields(value, "", HEADER)
    if header.whole("version", 1, 10**6) != VERSION:
        raise header.refuse("version", f"this installation reads version {VERSION} of the format.")
    made_at, product = header.moment("made_at"), header.text("product", 40)
    if not isinstance(header.data["content"], Mapping):
        raise header.refuse("content", "an object is expected here.")
    content = Fields(header.data["content"], "", PARTS)
    if sha256_of(canonical_json(content.data)) != header.data["sha256"]:
        raise header.refuse("sha256", "the content is not what was exported: the file is damaged or was changed.")
    checklists = _read_checklists(header)
    people = _read_people(content)
    keys = {person.key for person in people}
    runs = _read_runs(content, checklists, keys)
    return ProjectDocument(
        made_at=made_at,
        product=product,
        sha256=header.data["sha256"],
        description=_read_description(content, keys, checklists),
        people=people,
        runs=runs,
        outcome=_read_outcome(content, keys),
    )


def _read_checklists(header: Fields) -> dict[tuple[str, str], Checklist]:
    found = {}
    for item, place in header.items("checklists", CHECKLISTS_LIMIT):
        fields = Fields(item, place, ("id", "version", "sha256"))
        name, version = fields.raw_text("id"), fields.raw_text("version")
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            raise TransferRefused("an id such as ml_readiness and a version such as 1.0 are expected here.", place)
        try:
            checklist = load(name, version)
        except UnknownChecklist:
            raise TransferRefused(
                f"this installation does not have the checklist {name} {version}. Upgrade it first.", place
            ) from None
        if checklist.sha256 != fields.data["sha256"]:
            raise fields.refuse("sha256", f"the checklist {name} {version} of this installation has another text.")
        found[name, version] = checklist
    return found


def _read_people(content: Fields) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    addresses: set[str] = set()
    for item, place in content.items("people", PEOPLE_LIMIT):
        fields = Fields(item, place, ("key", "name", "email"))
        key = fields.raw_text("key")
        if not _KEY.fullmatch(key) or key in people:
            raise fields.refuse("key", "a key of its own such as p1 is expected here.")
        email = fields.text("email", EMAIL_LIMIT)
        if email:
            try:
                clean_email(email)
            except TextRefused as error:
                raise fields.refuse("email", str(error).removeprefix("E-mail: ")) from None
            if email.lower() in addresses:
                raise fields.refuse("email", "somebody else in this file has this address.")
            addresses.add(email.lower())
        people[key] = Person(key, fields.text("name", NAME_LIMIT), email.lower())
    return tuple(people.values())


def _read_description(
    content: Fields, keys: Collection[str], checklists: Mapping[tuple[str, str], Checklist]
) -> Description:
    fields = Fields(
        content.data["project"],
        "project",
        (
            "slug", "name", "goal", "stage", "facts", "unit", "tags", "planned_date", "planned_value", "owner",
            "is_demo", "created_at", "archived_at",
        ),
    )  # fmt: skip
    slug = fields.raw_text("slug")
    if not SLUG.fullmatch(slug):
        raise fields.refuse("slug", "1 to 80 small letters, digits, hyphens and underscores are expected here.")
    unit = fields.text("unit", UNIT_LIMIT)
    if unit == NO_UNIT:
        raise fields.refuse("unit", f"“{NO_UNIT}” stands for no unit.")
    known = {fact.id for checklist in (load(*CHECKLIST), *checklists.values()) for fact in checklist.facts}
    return Description(
        slug=slug,
        name=fields.text("name", NAME_LIMIT, required=True),
        goal=fields.text("goal", GOAL_LIMIT),
        stage=fields.word("stage", Stage.values),
        facts=_read_facts(fields, known),
        unit=unit,
        tags=_read_tags(fields),
        planned_date=fields.optional_day("planned_date"),
        planned_value=fields.optional_whole("planned_value", 0, VALUE_LIMIT),
        owner=fields.optional_person("owner", keys),
        is_demo=fields.flag("is_demo"),
        created_at=fields.moment("created_at"),
        archived_at=fields.optional_moment("archived_at"),
    )


def _read_facts(fields: Fields, known: Collection[str]) -> tuple[str, ...]:
    facts: list[str] = []
    for item, place in fields.items("facts", len(known)):
        if not isinstance(item, str) or item not in known:
            raise TransferRefused("no checklist of this installation knows this fact.", place)
        if facts and item <= facts[-1]:
            raise TransferRefused("facts stand once each, in alphabetical order.", place)
        facts.append(item)
    return tuple(facts)


def _read_tags(fields: Fields) -> tuple[str, ...]:
    tags: list[str] = []
    for item, place in fields.items("tags", TAGS_LIMIT):
        tag = stored_text(item, place, TAG_LIMIT, required=True)
        if "," in tag or tag in tags:
            raise TransferRefused("a tag stands once and holds no comma.", place)
        tags.append(tag)
    return tuple(tags)


def _read_runs(
    content: Fields, checklists: Mapping[tuple[str, str], Checklist], keys: Collection[str]
) -> tuple[RunPart, ...]:
    runs: list[RunPart] = []
    total = len(content.data["runs"]) if isinstance(content.data["runs"], list) else 0
    for item, place in content.items("runs", RUNS_LIMIT):
        run = read_run(item, place, checklists, keys)
        if run.is_latest != (len(runs) == total - 1):
            raise TransferRefused("the last run, and no other, is the latest.", f"{place}.is_latest")
        if not run.is_latest and run.closed_at is None:
            raise TransferRefused("only the latest run can be open.", f"{place}.closed_at")
        runs.append(run)
    check_numbers(runs)
    return tuple(runs)


def check_numbers(runs: list[RunPart]) -> None:
    """Snapshots are counted over all runs, and each says rightly which one came before it."""
    rows = [
        (row, f"runs[{place}].snapshots[{number}]")
        for place, run in enumerate(runs)
        for number, row in enumerate(run.snapshots)
    ]
    if len(rows) > SNAPSHOTS_LIMIT:
        raise TransferRefused(f"at most {SNAPSHOTS_LIMIT:,} snapshots, these are {len(rows):,}.", "runs")
    rows.sort(key=lambda pair: pair[0].number)
    ids: set[str] = set()
    for number, (row, place) in enumerate(rows, start=1):
        if row.number != number:
            raise TransferRefused("the snapshots of a project are counted 1, 2, 3 and so on.", f"{place}.number")
        if row.public_id in ids:
            raise TransferRefused("another snapshot of this file has this id.", f"{place}.id")
        ids.add(row.public_id)
        before = rows[number - 2][0] if number > 1 else None
        if row.previous != (before and (before.number, before.label, before.taken_at, before.index)):
            raise TransferRefused("this is not the snapshot before it.", f"{place}.body.previous")


def _read_outcome(content: Fields, keys: Collection[str]) -> OutcomePart | None:
    if content.is_null("outcome"):
        return None
    fields = Fields(
        content.data["outcome"], "outcome", ("kind", "is_delayed", "on", "sentence", "recorded_by", "recorded_at")
    )
    return OutcomePart(
        kind=fields.word("kind", Outcome.Kind.values),
        is_delayed=fields.flag("is_delayed"),
        on=fields.day("on"),
        sentence=fields.text("sentence", GOAL_LIMIT),
        recorded_by=fields.optional_person("recorded_by", keys),
        recorded_at=fields.moment("recorded_at"),
    )

"""Whatever is wrong with a file is said in a sentence with its place and limit, and nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organisation, User
from assessments.snapshots import canonical_json, sha256_of
from projects.models import Project
from tests.access.dump import changed_tables, dump_tables
from tests.transfers.files import Document, changed, make_rich_project, remove, resealed, small_file
from transfers.document import CHANGES_LIMIT, FILE_LIMIT
from transfers.errors import TransferRefused
from transfers.exporting import export_project, file_bytes
from transfers.reading import read_project_file
from transfers.strict_json import read_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(organisation: Organisation, owner: User, editor: User) -> Document:
    project = make_rich_project(organisation, owner, editor)
    found = export_project(project)
    remove(project)
    return found


def refusal(data: bytes) -> str:
    """What is said of a file, which must leave everything as it was."""
    before = dump_tables()
    with pytest.raises(TransferRefused) as refused:
        read_project_file(data)
    assert changed_tables(before, dump_tables()) == []
    said = str(refused.value)
    assert said.endswith(".")
    assert said.isprintable()
    return said


def setting(*path: Any) -> Callable[[Any], Callable[[Any], None]]:
    """`setting("runs", 0, "title")(value)` is a change that sets it."""

    def to(value: Any) -> Callable[[Any], None]:
        def change(content: Any) -> None:
            for step in path[:-1]:
                content = content[step]
            content[path[-1]] = value

        return change

    return to


def a_body(**parts: Any) -> Callable[[Any], None]:
    """Changes parts of the first snapshot's body, and its hash with it. A name such as `snapshot__id` goes deeper."""

    def change(content: Any) -> None:
        row = content["runs"][0]["snapshots"][0]
        body = json.loads(row["body"])
        for name, value in parts.items():
            inner, (*path, last) = body, name.split("__")
            for step in path:
                inner = inner[int(step) if step.isdecimal() else step]
            inner[last] = value
        row["body"] = canonical_json(body)
        row["sha256"] = sha256_of(row["body"])

    return change


def run(*path: Any) -> Callable[[Any], Callable[[Any], None]]:
    return setting("runs", 0, *path)


def about(name: str) -> Callable[[Any], Callable[[Any], None]]:
    return setting("project", name)


SNAPSHOT = ("snapshots", 0)

REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (about("name")(""), "project.name: please fill this in."),
    (about("name")("x" * 121), "project.name: at most 120 characters, this has 121."),
    (about("name")(7), "project.name: a text is expected here."),
    (about("name")(" x"), "project.name: there is white space around this text"),
    (about("name")("a\x1bb"), "project.name: the control character U+001B cannot be stored here."),
    (about("goal")("a\nb"), "project.goal: a line break cannot be stored here."),
    (about("stage")("launch"), "project.stage: this is none of idea, prototype, pilot, production."),
    (about("facts")(["no_such"]), "project.facts[0]: no checklist of this installation knows this fact."),
    (about("facts")(["real_time", "personal_data"]), "project.facts[1]: facts stand once each"),
    (about("facts")({}), "project.facts: a list is expected here."),
    (about("facts")([["x"]]), "project.facts[0]: no checklist of this installation knows this fact."),
    (about("unit")("-"), "project.unit: “-” stands for no unit."),
    (about("tags")(["x"] * 13), "project.tags: at most 12, these are 13."),
    (about("tags")(["a,b"]), "project.tags[0]: a tag stands once and holds no comma."),
    (about("planned_date")("2026-02-30"), "project.planned_date: a day such as 2026-03-14 is expected here."),
    (about("planned_date")("20260228"), "project.planned_date: a day such as"),
    (about("planned_value")(-1),
     "project.planned_value: a whole number from 0 to 1,000,000,000 is expected here, this is -1."),
    (about("planned_value")(1.5), "project.planned_value: a whole number from"),
    (about("planned_value")(True), "project.planned_value: a whole number from"),
    (about("owner")("p99"), "project.owner: nobody among the people of this file has this key."),
    (about("owner")({}), "project.owner: a text is expected here."),
    (about("is_demo")(1), "project.is_demo: true or false is expected here."),
    (about("created_at")("2026-03-14"), "project.created_at: a moment such as 2026-03-14T09:30:00+00:00"),
    (about("created_at")("2026-03-14T09:30:00+01:00"), "project.created_at: this moment is not in UTC (+00:00)."),
    (about("created_at")("0001-01-01T00:00:00+00:00"), "project.created_at: a year from 1970 to 2999"),
    (about("slug")("../x"), "project.slug: 1 to 80 small letters"),
    (about("more")("x"), "project.more: there is no such field in this format."),
    (lambda content: content["project"].pop("goal"), "project.goal: this is missing."),
    (lambda content: content.pop("people"), "people: this is missing."),
    (setting("people")({}), "people: a list is expected here."),
    (setting("people", 0)("p1"), "people[0]: an object is expected here."),
    (setting("people", 0, "key")("x"), "people[0].key: a key of its own such as p1"),
    (setting("people", 1, "key")("p1"), "people[1].key: a key of its own such as p1"),
    (setting("people", 0, "email")("nobody"), "people[0].email: please give an address such as name@example.com."),
    (setting("people", 0, "email")("a@exämple.com"), "people[0].email:"),
    (lambda content: content["people"][1].update(email=content["people"][0]["email"].upper()),
     "people[1].email: somebody else in this file has this address."),
    (run("title")(None), "runs[0].title: a text is expected here."),
    (run("checklist")({"id": "ml_readiness", "version": "9.9"}), "runs[0].checklist: this is none of the checklists"),
    (run("is_latest")(True), "runs[0].is_latest: the last run, and no other, is the latest."),
    (run("closed_at")(None), "runs[0].snapshots[1].closes: the run was not closed at the moment"),
    (run("respondents", 0, "sheet")(False), "runs[0].respondents: a run has one shared sheet."),
    (run("respondents", 0, "role")("boss"), "runs[0].respondents[0].role: this is none of"),
    (run("respondents", 0, "key")("r2"), "runs[0].changes[0].respondent: none of the respondents of this run"),
    (run("answers", 3, "level")(9), "runs[0].answers[3].level: a whole number from 0 to"),
    (run("answers", 3, "level")("1"), "runs[0].answers[3].level: a whole number from 0 to"),
    (run("answers", 3, "level")(None), "runs[0].answers[3]: Answer: a choice and its level belong together."),
    (run("answers", 3, "state")("maybe"), "runs[0].answers[3].state: this is none of blank, graded"),
    (run("answers", 3, "question")("no.such"),
     "runs[0].answers[3].question: the checklist ml_readiness 1.0 has no such"),
    (run("answers", 3, "note")("x" * 4001), "runs[0].answers[3].note: at most 4,000 characters, this has 4,001."),
    (run("answers", 3, "note")("changed"), "runs[0].answers[3]: this is not what its history ends with."),
    (run("answers", 3, "reason")("why"), "runs[0].answers[3].reason: a reason belongs to not applicable alone."),
    (run("answers", 3, "evidence_url")("javascript:alert(1)"), "runs[0].answers[3]: Evidence link: this must be"),
    (run("answers", 3, "revision")(2), "runs[0].answers[3].revision: the history of this answer ends with revision 1."),
    (run("answers", 3, "revision")(0), "runs[0].answers[3].revision: a whole number from 1 to 1,000,000"),
    (run("changes")([]), "runs[0].answers[0].revision: the history of this answer does not know it."),
    (run("answers")([]), "runs[0].changes: there is a history of"),
    (run("changes", 2, "revision")(2), "runs[0].changes[2].revision: the changes before this one make it revision 1."),
    (run("changes", 2, "before")({}), "runs[0].changes[2].before: this is not what the change before it left."),
    (run("changes", 2, "after")(None), "runs[0].changes[2].after: an object is expected here."),
    (run("changes", 2, "by")(None), "runs[0].changes[2].by: a text is expected here."),
    (run("changes", 2, "by")("p77"), "runs[0].changes[2].by: nobody among the people"),
    (run("changes", 2, "at")("yesterday"), "runs[0].changes[2].at: a moment such as"),
    (run("changes", 2, "mutation")("x"), "runs[0].changes[2].mutation: a UUID such as"),
    (run("changes", 2, "mutation")("{6f1f2c52-3d3b-4f0e-9a54-0a6f6d5f1c11}"), "runs[0].changes[2].mutation: a UUID"),
    (setting("runs", 1, "agreed", 0, "level")(9), "runs[1].agreed[0].level: a whole number from 0 to"),
    (run(*SNAPSHOT, "body")("{}"), "runs[0].snapshots[0].sha256: this is not the hash of the body"),
    (run(*SNAPSHOT, "sha256")("0" * 64), "runs[0].snapshots[0].sha256: this is not the hash of the body"),
    (run(*SNAPSHOT, "number")(2), "runs[0].snapshots[0].number: the body says something else."),
    (run(*SNAPSHOT, "label")("Other"), "runs[0].snapshots[0].label: the body says something else."),
    (run(*SNAPSHOT, "id")("x"), "runs[0].snapshots[0].id: an id such as 3f9a-07c1-be52"),
    (run(*SNAPSHOT, "id")("0000-0000-0000"), "runs[0].snapshots[0].id: the body says something else."),
    (run(*SNAPSHOT, "closes")(0), "runs[0].snapshots[0].closes: the body says something else."),
    (run(*SNAPSHOT, "closes")(True), "runs[0].snapshots[0].closes: the body says something else."),
    (run(*SNAPSHOT, "engine")("2"), "runs[0].snapshots[0].engine: the body says something else."),
    (run(*SNAPSHOT, "taken_by")(None), "runs[0].snapshots[0].taken_by: a text is expected here."),
    (run(*SNAPSHOT, "taken_at")("2026-01-01T00:00:00+00:00"), "runs[0].snapshots[0].taken_at: the body says"),
    (a_body(result__index=1.5), "runs[0].snapshots[0].body: its figures do not follow from its answers."),
    (a_body(answers__0__level=0), "runs[0].snapshots[0].body: its figures do not follow from its answers."),
    (a_body(progress__answered=1), "runs[0].snapshots[0].body: its figures do not follow from its answers."),
    (a_body(answers__0__level=99), "runs[0].snapshots[0].body.answers[0].level: a whole number from 0 to"),
    (a_body(answers__0__question="x"), "runs[0].snapshots[0].body.answers[0].question: the checklist"),
    (a_body(answers__0__note=None), "runs[0].snapshots[0].body.answers[0].note: a text is expected here."),
    (a_body(answers__0__role="boss"), "runs[0].snapshots[0].body.answers[0].role: this is none of"),
    (a_body(answers__0__more=1), "runs[0].snapshots[0].body.answers[0].more: there is no such field"),
    (a_body(format=2), "runs[0].snapshots[0].body.format: a whole number from 1 to 1 is expected here, this is 2."),
    (a_body(stage="launch"), "runs[0].snapshots[0].body.stage: this is none of"),
    (a_body(engine="9"), "runs[0].snapshots[0].body.engine: this is none of 1."),
    (a_body(result=None), "runs[0].snapshots[0].body: its figures do not follow from its answers."),
    (a_body(project__name="x" * 500), "runs[0].snapshots[0].body.project.name: at most 120 characters"),
    (a_body(project__tags=None), "runs[0].snapshots[0].body.project.tags: a list is expected here."),
    (a_body(checklist__version="9.9"), "runs[0].snapshots[0].body.checklist.version: this is not the checklist"),
    (a_body(snapshot__taken_at="soon"), "runs[0].snapshots[0].body.snapshot.taken_at: a moment such as"),
    (a_body(previous={}), "runs[0].snapshots[0].body.previous.number: this is missing."),
    (a_body(previous={"number": 1, "label": "x", "taken_at": "2026-01-01T00:00:00+00:00", "index": 3, "low": 1,
                      "high": 5, "judgement": "final", "dimensions": {}}),
     "runs[0].snapshots[0].body.previous: this is not the snapshot before it."),
    (lambda content: content["runs"][0]["snapshots"].pop(0), "runs[0].snapshots[0].number: the snapshots of a project"),
    (lambda content: content["runs"][0]["snapshots"].reverse(), "runs[0].snapshots[1]"),
    (setting("outcome", "kind")("won"), "outcome.kind: this is none of value, no_value"),
    (setting("outcome", "on")(None), "outcome.on: a text is expected here."),
    (setting("runs")([{}] * 501), "runs: at most 500, these are 501."),
    (setting("people")([{}] * 2001), "people: at most 2,000, these are 2,001."),
    (run("answers")([0] * 50_001), "runs[0].answers: at most 50,000, these are 50,001."),
    (run("changes")([0] * (CHANGES_LIMIT + 1)), "runs[0].changes: at most 100,000, these are 100,001."),
    (run("snapshots")([0] * 1001), "runs[0].snapshots: at most 1,000, these are 1,001."),
]  # fmt: skip


def test_every_refusal_names_its_place(document: Document) -> None:
    for change, sentence in REFUSED:
        said = refusal(changed(document, change))
        assert said.startswith(sentence), (said, sentence)


def test_the_header(document: Document) -> None:
    for name, value, sentence in (
        ("format", "preflight-organisation", "format: this is not a file of one project that Preflight exported."),
        ("version", 2, "version: this installation reads version 1 of the format."),
        ("version", "1", "version: a whole number from 1"),
        ("made_at", None, "made_at: a text is expected here."),
        ("checklists", [], "runs[0].checklist: this is none of the checklists"),
        ("checklists", [{"id": "ml_readiness", "version": "7.0", "sha256": ""}],
         "checklists[0]: this installation does not have the checklist ml_readiness 7.0. Upgrade it first."),
        ("checklists", [{"id": "../../x", "version": "1.0", "sha256": ""}], "checklists[0]: an id such as"),
        ("checklists", [{"id": "ml_readiness", "version": "1.0", "sha256": "0" * 64}],
         "checklists[0].sha256: the checklist ml_readiness 1.0 of this installation has another text."),
        ("more", 1, "more: there is no such field in this format."),
    ):  # fmt: skip
        said = refusal(resealed({**document, name: value}))
        assert said.startswith(sentence), (said, sentence)
    assert refusal(file_bytes({**document, "content": []})) == "content: an object is expected here."


def test_damage_is_noticed(document: Document) -> None:
    document["content"]["runs"][0]["title"] = "Another title"
    assert refusal(file_bytes(document)) == (
        "sha256: the content is not what was exported: the file is damaged or was changed."
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "this is not JSON, see line 1, column 1."),
        (b"\xff", "this is not text in UTF-8, see byte 0."),
        (b"[]", "format: this is not a file of one project"),
        (b"null", "format: this is not a file of one project"),
        (b'{"format": 1}', "format: this is not a file of one project"),
        (b"PK\x03\x04" + b"x" * 50, "File: this is a ZIP file. One of a whole organisation comes in by"),
        (b"\xef\xbb\xbf{}", "format: this is not a file of one project"),
        (b'{"a": 1, "a": 2}', "a: this name stands twice in one object."),
        (b'{"a": NaN}', "a: NaN is not a number that can be used."),
        (b'{"a": -Infinity}', "a: -Infinity is not a number that can be used."),
        (b'{"a": 1e999}', "a: a number is too large."),
        (b'{"a": ' + b"9" * 5000 + b"}", "a: a whole number has at most 18 digits."),
        (b'{"a": "\\u0000"}', "a: NUL cannot be stored."),
        (b'{"a": [{"b": "\\ud800"}]}', "a[0].b: a lone surrogate cannot be stored."),
        (b'{"a\\u0000": 1}', "NUL cannot be stored."),
        (b'{"a": "x\ny"}', "this is not JSON, see line 1, column 9."),
        (b"[" * 100_000, "nested deeper than 32 levels."),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested deeper than 32 levels."),
        (b"[" + b"1," * 2_000_001 + b"1]", "more than 2,000,000 values."),
        (b" " * (FILE_LIMIT + 1), "The file is larger than 25 MB."),
        (small_file() + b"x", "this is not JSON, see line 1"),
    ],
)  # fmt: skip
def test_what_is_no_such_file(data: bytes, sentence: str) -> None:
    assert refusal(data).startswith(sentence)


def test_brackets_inside_texts_are_not_counted() -> None:
    assert read_json(b'{"a": "' + b"[" * 1000 + b'\\" {"}') == {"a": "[" * 1000 + '" {'}


def test_a_small_file_by_hand(organisation: Organisation, owner: User) -> None:
    document = read_project_file(small_file())
    assert (document.description.name, document.runs, document.people) == ("A project from elsewhere", (), ())
    assert document.newest_moment() < timezone.now()
    assert not Project.objects.exists()

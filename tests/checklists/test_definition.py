"""What the released checklist must hold, whatever its wording."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from checklists.loader import load, weight
from checklists.schema import Claim

DRAFT = Path(__file__).parents[1] / "data" / "checklist_draft.yaml"

# The weights that were published with the draft, written down apart from the code that computes them.
DRAFT_WEIGHTS = {
    1.0: "problem.plain-explanation problem.stop-points problem.reuse data.access data.permission data.sharing "
    "data.labels data.at-prediction team.platform-limits team.data-care team.perspectives customer.need "
    "customer.usability customer.feedback customer.cycle customer.follow-up platform.same-versions platform.capacity "
    "platform.ds-time platform.modular operations.registry",
    1.5: "problem.statement problem.origin problem.objective problem.alternatives data.inventory data.preparation "
    "data.flow data.protection team.skills team.shared-goal team.cross-skills team.second-person customer.contact "
    "customer.end-to-end customer.acceptance platform.packaging platform.load platform.placement "
    "platform.source-change platform.real-time operations.retraining operations.research-code operations.code-checks "
    "operations.rollback",
    2.0: "problem.success-measure problem.benefit-case problem.decision data.joining data.quality team.coordination "
    "customer.path-to-production platform.production-home operations.owner operations.monitoring operations.release",
    2.5: "team.run-people operations.rebuild operations.lifecycle",
}
ADDED_WEIGHTS = {
    "problem.counter-measure": 1.0,
    "problem.legal-basis": 1.0,
    "data.tested-on": 2.0,
    "data.groups": 1.0,
    "team.challenge": 1.5,
    "customer.exposure": 2.0,
    "customer.override": 1.0,
    "customer.recourse": 1.0,
    "operations.outside-range": 1.5,
}
ADDED_MUST_HAVES = {"problem.legal-basis", "data.tested-on", "customer.exposure", "customer.recourse"}


@pytest.fixture(scope="module")
def checklist():
    return load("ml_readiness", "1.0")


@pytest.fixture(scope="module")
def draft():
    return yaml.safe_load(DRAFT.read_text(encoding="utf-8"))


def test_counts(checklist):
    assert [stage.id for stage in checklist.stages] == ["idea", "prototype", "pilot", "production"]
    assert len(checklist.roles) == 6
    assert len(checklist.facts) == 8
    assert len(checklist.claims) == 167
    assert Counter(document.kind for document in checklist.documents) == {"article": 5, "further": 7}
    assert len(checklist.base_rates) == 4
    questions = Counter(question.dimension for question in checklist.questions)
    assert list(questions.items()) == [
        ("problem", 12),
        ("data", 13),
        ("team", 10),
        ("customer", 12),
        ("platform", 10),
        ("operations", 11),
    ]
    assert [dimension.id for dimension in checklist.dimensions] == list(questions)


@pytest.mark.parametrize(
    ("stage", "without_facts", "with_all_facts"),
    [("idea", 14, 17), ("prototype", 48, 56), ("pilot", 58, 68), ("production", 58, 68)],
)
def test_questions_due(checklist, stage, without_facts, with_all_facts):
    assert len(checklist.questions_due(stage, [])) == without_facts
    assert len(checklist.questions_due(stage, [fact.id for fact in checklist.facts])) == with_all_facts


def test_every_fact_makes_a_question_due(checklist):
    due_without = len(checklist.questions_due("production", []))
    for fact in checklist.facts:
        assert len(checklist.questions_due("production", [fact.id])) > due_without, fact.id


def test_numbers_are_place_of_dimension_and_question(checklist):
    numbers = {question.id: question.number for question in checklist.questions}
    assert numbers["problem.statement"] == "1.1"
    assert numbers["data.tested-on"] == "2.12"
    assert numbers["data.groups"] == "2.13"
    assert numbers["customer.recourse"] == "4.12"
    assert numbers["operations.outside-range"] == "6.11"
    assert len(set(numbers.values())) == 68


def test_weights_of_the_draft_follow_from_its_claims(draft):
    claims = {
        entry["id"]: Claim(
            id=entry["id"],
            document=entry["id"].split(".")[0],
            section=None,
            kind=entry["kind"],
            dimension=entry["dimension"],
            text=entry["text"],
        )
        for entry in draft["claims"]
    }
    expected = {question: value for value, questions in DRAFT_WEIGHTS.items() for question in questions.split()}
    found = {question["id"]: weight(claims[claim] for claim in question["claims"]) for question in draft["questions"]}
    assert len(expected) == 59
    assert found == expected


def test_weights_of_the_release(checklist):
    expected = {question: value for value, questions in DRAFT_WEIGHTS.items() for question in questions.split()}
    assert {question.id: question.weight for question in checklist.questions} == expected | ADDED_WEIGHTS


def test_must_haves_are_those_of_draft_and_additions(checklist, draft):
    expected = {question["id"] for question in draft["questions"] if question["gate"]} | ADDED_MUST_HAVES
    assert {question.id for question in checklist.questions if question.must_have} == expected
    assert len(expected) == 15


def test_nothing_of_the_draft_was_lost(checklist, draft):
    """Ids, order, number of choices, claims, stages, roles and efforts are as drafted; only the wording may differ."""
    drafted = [question["id"] for question in draft["questions"]]
    assert [question.id for question in checklist.questions if question.id in set(drafted)] == drafted
    for entry in draft["questions"]:
        question = checklist.question_by_id[entry["id"]]
        assert len(question.choices) == len(entry["choices"]), question.id
        assert question.claims == tuple(entry["claims"])
        assert question.who == tuple(entry["who"])
        assert question.stage_from == entry["stage_from"]
        assert question.applies_when == tuple(entry.get("applies_when", ()))
        assert question.remedy.effort == entry["remedy"]["effort"]
    kinds = {claim.id: (claim.kind, claim.dimension) for claim in checklist.claims}
    for entry in draft["claims"]:
        assert kinds[entry["id"]] == (entry["kind"], entry["dimension"])


def test_every_claim_is_carried_by_a_question_with_a_remedy(checklist):
    remedied = {
        claim
        for question in checklist.questions
        if question.remedy.do and question.remedy.done and question.remedy.effort in checklist.effort_points
        for claim in question.claims
    }
    assert remedied == set(checklist.claim_by_id)


def test_sources_can_be_cited(checklist):
    for document in checklist.documents:
        assert document.author or document.publisher or document.file
        assert (document.url or "").startswith("https://") == (document.kind == "further")
        assert bool(document.file) == (document.kind == "article")
    for claim in checklist.claims:
        assert bool(claim.section) == (checklist.document_by_id[claim.document].kind == "article"), claim.id
    for question in checklist.questions:
        assert len(checklist.sources_of(question)) == len(question.claims)


def test_published_figures_are_quoted_with_what_is_known_of_them(checklist):
    figures = {rate.id: rate for rate in checklist.base_rates}
    assert {name: rate.value for name, rate in figures.items()} == {
        "deployed-22": 0.22,
        "production-87": 0.87,
        "fail-85-title": 0.85,
        "fail-85": 0.85,
    }
    for rate in figures.values():
        assert f"{rate.value:.0%}" in checklist.claim_by_id[rate.claim].text
        assert rate.attributed_to
        assert rate.note
    assert "erroneous outcomes" in figures["fail-85"].note
    assert figures["fail-85"].note.startswith("Secondary copies")


# Praise in a prompt or a choice invites a yes; "effective", say, is for the reader to judge from the states described.
LOADED = re.compile(
    r"\b(?:proper(?:ly)?|adequate(?:ly)?|robust(?:ly)?|appropriate(?:ly)?|sufficient(?:ly)?|excellent|effective(?:ly)?"
    r"|optimal|mature|best|suitable|reasonable|successful(?:ly)?|strong|high-quality|well|fully|clear(?:ly)?)\b",
    re.IGNORECASE,
)
ASKED_ELSEWHERE = re.compile(r"\b(?:unknown|not known|don't know|not sure|unclear|not applicable)\b", re.IGNORECASE)
# In a report a choice stands without the one above it.
LEANS_ON_ANOTHER = re.compile(r"^(?:The same,|All of (?:that|these)|Such |One such |That |As above)")


def test_prompts_and_choices_hold_no_loaded_words(checklist):
    asked = [text for question in checklist.questions for text in (question.prompt, *question.choices)]
    assert [text for text in asked if LOADED.search(text)] == []


def test_choices_stand_alone_and_leave_not_knowing_to_an_answer_of_its_own(checklist):
    choices = [choice for question in checklist.questions for choice in question.choices]
    assert [choice for choice in choices if ASKED_ELSEWHERE.search(choice)] == []
    assert [choice for choice in choices if LEANS_ON_ANOTHER.search(choice)] == []
    assert [choice for choice in choices if choice.endswith(".")] == []
    assert {len(question.choices) for question in checklist.questions} == {4, 5}


def test_texts_are_sentences_of_their_kind(checklist):
    for question in checklist.questions:
        assert question.prompt.endswith("?"), question.id
        for text in (question.why, question.remedy.do, question.remedy.done):
            assert text.endswith("."), (question.id, text)
        assert len(question.short) <= 24
    assert len({question.short for question in checklist.questions}) == 68

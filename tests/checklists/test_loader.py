import hashlib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from checklists import loader
from checklists.schema import Claim

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")


def make_claim(kind, document):
    return Claim(id=f"{document}.x", document=document, section=None, kind=kind, dimension="data", text="x")


def test_a_released_checklist_is_read_once_and_carries_the_hash_of_its_bytes():
    checklist = loader.load("ml_readiness", "1.0")
    path = loader.DEFINITIONS / "ml_readiness" / "1.0.yaml"
    assert loader.load("ml_readiness", "1.0") is checklist
    assert (checklist.id, checklist.version, checklist.language) == ("ml_readiness", "1.0", "en")
    assert checklist.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_available_checklist_calls_itself_what_its_path_says():
    assert ("ml_readiness", "1.0") in loader.available()
    for checklist_id, version in loader.available():
        checklist = loader.load(checklist_id, version)
        assert (checklist.id, checklist.version) == (checklist_id, version)


def test_versions_are_ordered_by_number(tmp_path, monkeypatch):
    for name in ("b/1.10.yaml", "b/1.9.yaml", "a/2.0.yaml", "b/draft.yaml", "Bad Name/1.0.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(loader, "DEFINITIONS", tmp_path)
    assert loader.available.__wrapped__() == (("a", "2.0"), ("b", "1.9"), ("b", "1.10"))


@pytest.mark.parametrize(("checklist_id", "version"), [("ml_readiness", "9.9"), ("nothing", "1.0")])
def test_an_unknown_checklist_is_named_in_a_sentence(checklist_id, version):
    with pytest.raises(loader.UnknownChecklist) as raised:
        loader.load(checklist_id, version)
    assert str(raised.value) == f"There is no checklist “{checklist_id}” {version}."


@pytest.mark.parametrize(
    ("checklist_id", "version"),
    [
        ("../definitions/ml_readiness", "1.0"),
        ("ml_readiness", "../ml_readiness/1.0"),
        ("ml_readiness", "1.0\n"),
        ("ml_readiness/", "1.0"),
        ("/etc", "1.0"),
        ("ml_readiness\0", "1.0"),
        ("ML_READINESS", "1.0"),
        ("ml_readiness", "1"),
        ("ml_readiness", "１.０"),
        ("", ""),
        ("a" * 10_000, "1.0"),
    ],
)
def test_names_that_could_lead_elsewhere_never_reach_the_file_system(checklist_id, version):
    with pytest.raises(loader.UnknownChecklist) as raised:
        loader.load(checklist_id, version)
    assert str(raised.value) == "There is no checklist of that name and version."


def test_a_text_without_a_file_is_parsed_and_hashed():
    checklist = loader.parse(SMALL)
    assert checklist.sha256 == hashlib.sha256(SMALL.encode()).hexdigest()
    assert loader.parse(SMALL, sha256="given").sha256 == "given"
    (question,) = checklist.questions
    assert (question.number, question.weight, question.choices) == ("1.1", 1.0, ("Not at all", "By hand", "By itself"))
    assert checklist.questions_due("idea", ["real_time"]) == (question,)
    assert checklist.questions_due("pilot", []) == ()
    assert checklist.base_rates[0].note is None


def test_what_is_loaded_cannot_be_changed():
    checklist = loader.load("ml_readiness", "1.0")
    with pytest.raises(FrozenInstanceError):
        checklist.questions[0].weight = 9.0
    with pytest.raises(TypeError):
        checklist.effort_points["S"] = 9


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([], 1.0),
        ([("fact", "a"), ("consequence", "b")], 1.0),
        ([("cause", "a")], 1.0),
        ([("cause", "a"), ("remedy", "a"), ("fact", "b")], 1.0),
        ([("cause", "a"), ("condition", "b")], 1.5),
        ([("cause", "a"), ("condition", "b"), ("remedy", "c"), ("remedy", "b")], 2.0),
    ],
)
def test_weight_counts_documents_that_support_a_question(claims, expected):
    assert loader.weight(make_claim(kind, document) for kind, document in claims) == expected

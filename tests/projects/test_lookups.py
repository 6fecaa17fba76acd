"""Looking for one item in a list of texts, whatever the text is made of."""

from __future__ import annotations

import pytest

from projects.models import Project

ODD = [
    "plain", "two words", "O'Neill", 'say "yes"', "100%", "100", "snake_case", "snakeXcase", "back\\slash", "\\u00e9",
    "é", "é", "ÄÖÜ", "名前", "🏴‍☠️", "\u202eright", '["plain"]', '"plain"', '{"a": 1}', "null", "true", "1", "1.0",
    "$.a", "*", "?", "[a-z]", "--", "/* */", "'); DROP TABLE projects_project; --", "<b>", "a,b", "Plain",
]  # fmt: skip


@pytest.fixture
def odd(project: Project) -> Project:
    Project.objects.filter(pk=project.pk).update(tags=ODD)
    return project


@pytest.mark.parametrize("tag", ODD)
def test_each_finds_itself_alone(odd: Project, tag: str) -> None:
    rows = Project.objects.filter(tags__has_item=tag)
    assert rows.get() == odd
    Project.objects.filter(pk=odd.pk).update(tags=[other for other in ODD if other != tag])
    assert not rows.exists()
    Project.objects.filter(pk=odd.pk).update(tags=[tag])
    assert rows.get() == odd


@pytest.mark.parametrize(
    "tag", ["", "plai", "lain", "pl%", "%", "_____", "plain ", " plain", "PLAIN", "plain,two words"]
)
def test_a_part_is_not_the_item(odd: Project, tag: str) -> None:
    assert not Project.objects.filter(tags__has_item=tag).exists()


@pytest.mark.parametrize("tags", [[], ["other"], {}, {"plain": 1}, [["plain"]], [1, None, True]])
def test_other_lists(project: Project, tags: object) -> None:
    Project.objects.filter(pk=project.pk).update(tags=tags)
    assert not Project.objects.filter(tags__has_item="plain").exists()


def test_it_can_be_turned_around_and_joined(odd: Project) -> None:
    assert not Project.objects.exclude(tags__has_item="plain").exists()
    assert Project.objects.exclude(tags__has_item="other").get() == odd
    assert Project.objects.filter(tags__has_item="plain").filter(tags__has_item="100%").get() == odd
    assert odd.figures.filter(project__tags__has_item="名前").exists()


def test_a_stray_percent_sign_is_no_parameter(odd: Project) -> None:
    """Both databases are given the text beside the statement, never within it."""
    sql, parameters = Project.objects.filter(tags__has_item="100%s").query.sql_with_params()
    assert "100" not in sql
    assert any("100%s" in str(value) for value in parameters)

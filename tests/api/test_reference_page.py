"""The reference page: everything of the OpenAPI document, open to everybody, complete without scripts."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from django.test import Client, override_settings
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from accounts.models import User
from accounts.roles import Scope
from api.problem_advice import ADVICE
from api.problems import TITLES, Problem, body_of
from api.reference import EXAMPLES, Kind, Piece, example_body, kind_of, limits_of, read_reference, split_choices
from api.schema import SAYS, released_document
from assessments.models import Assessment
from projects.models import Project
from tests.api.conftest import Api
from tests.make import make_assessment, make_user
from tests.site.cases import signed_in
from tests.site.markup import faults, parse

PAGE = "/api/docs/"
pytestmark = pytest.mark.django_db


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in released_document()["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.fixture
def page(client: Client) -> HtmlElement:
    return parse(client.get(PAGE).content)


def text_of(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_everybody_may_read_it(client: Client, owner: User, viewer: User) -> None:
    for reader in (client, signed_in(owner), signed_in(viewer), signed_in(make_user())):
        response = reader.get(PAGE)
        assert response.status_code == 200
        assert faults(response.content) == []
        assert reader.head(PAGE).status_code == 200
        assert reader.post(PAGE).status_code == 405


def test_it_asks_the_database_for_the_frame_alone(client: Client, owner: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        client.get(PAGE)
    reader = signed_in(owner)
    with django_assert_num_queries(3):
        reader.get(PAGE)


def test_the_session_s_token_is_on_the_page_of_who_has_one(client: Client, owner: User) -> None:
    stranger, member = client.get(PAGE), signed_in(owner).get(PAGE)
    assert "data-csrf" not in stranger.content.decode()
    assert not stranger.cookies
    assert parse(member.content).get_element_by_id("console").get("data-csrf")


def test_the_tokens_page_is_linked_for_who_may_open_it(owner: User, viewer: User) -> None:
    assert 'href="/organisation/tokens/"' in signed_in(owner).get(PAGE).content.decode()
    assert 'href="/organisation/tokens/"' not in signed_in(viewer).get(PAGE).content.decode()


def test_the_footer_leads_to_it(client: Client, owner: User) -> None:
    assert f'href="{PAGE}"' in signed_in(owner).get("/method/").content.decode()
    assert f'href="{PAGE}"' not in client.get("/accounts/login/", follow=True).content.decode()


def test_every_operation_is_there_with_all_that_the_document_says(page: HtmlElement) -> None:
    found = operations()
    assert len(found) > 30
    for path, method, operation in found:
        box = page.get_element_by_id(f"op-{operation['operationId']}").getparent()
        text = text_of(box)
        assert f"{method.upper()} {path}" in text
        assert operation["summary"] in text
        for scope in operation["x-scopes"]:
            assert f"#scope-{scope}" in [link.get("href") for link in box.iter("a")]
        for parameter in operation.get("parameters", ()):
            assert f"{parameter['name']} {parameter['in']}" in text
            assert " ".join(parameter.get("description", "").replace("`", "").split()) in text
        for status, answer in operation["responses"].items():
            assert f"Answer {status}" in text if status.startswith("2") else f"{status} {answer['description']}" in text


def test_every_field_of_bodies_and_answers_is_there(page: HtmlElement) -> None:
    schemas = released_document()["components"]["schemas"]
    for _, _, operation in operations():
        names = {text_of(code) for code in page.get_element_by_id(f"op-{operation['operationId']}").iter("code")}
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (one for part in contents for one in part.get("content", {}).values()):
            schema = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
            if schema and schema is not schemas["Problem"]:
                assert set(schema["properties"]) <= names


def test_what_a_body_needs_is_marked(page: HtmlElement) -> None:
    rows = [[text_of(cell) for cell in row] for row in page.get_element_by_id("op-create_project").iter("tr")]
    assert ["name required", "string 1 to 120 characters", "What the project is called."] in rows
    assert ["unit", 'string at most 80 characters; default ""', "Business unit, empty for none."] in rows


def test_every_link_inside_the_page_leads_somewhere(page: HtmlElement) -> None:
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    targets = {link.get("href")[1:] for link in page.iter("a") if link.get("href", "").startswith("#")}
    assert len(targets) > 60
    assert targets <= set(ids)


def test_the_type_of_every_problem_leads_to_its_line(page: HtmlElement) -> None:
    assert [advice.kind for advice in ADVICE] == list(TITLES)
    for kind, title in TITLES.items():
        address, _, anchor = body_of(Problem(400, kind, ""))["type"].partition("#")
        assert address == PAGE
        assert title in text_of(page.get_element_by_id(anchor).getparent())


def test_every_status_of_the_document_has_a_kind_of_problem() -> None:
    statuses = {status for advice in ADVICE for status in advice.statuses.split(", ")}
    assert statuses == set(SAYS) - {"304"} | {"405", "500"}


def test_every_scope_is_explained(page: HtmlElement) -> None:
    for scope in Scope:
        assert page.get_element_by_id(f"scope-{scope.value}") is not None


def test_the_limits_are_those_of_the_site(client: Client) -> None:
    with override_settings(API_REQUESTS_A_MINUTE=77, PUBLIC_URL="https://preflight.example.org/"):
        text = text_of(parse(client.get(PAGE).content))
    assert "77 requests a minute" in text
    assert "SITE=https://preflight.example.org TOKEN=" in text
    with override_settings(API_REQUESTS_A_MINUTE=0):
        assert "does not limit requests" in text_of(parse(client.get(PAGE).content))


def test_examples_call_what_is_there(page: HtmlElement) -> None:
    for path, method, operation in operations():
        example = text_of(next(page.get_element_by_id(f"op-{operation['operationId']}").iter("pre")))
        address = re.sub(r"\{(\w+)\}", lambda found: f"${found[1].upper()}", path)
        assert f'"$SITE{address}"' in example
        assert ("-X" in example) == (method != "get")
        assert "$TOKEN" in example
        assert ("$KEY" in example) == (method == "post")
        assert (" -d " in example) == ("requestBody" in operation)


def test_bodies_of_examples_fit_the_document() -> None:
    document = released_document()
    for group in read_reference(document).groups:
        for operation in group.operations:
            if operation.body:
                raw = document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
                schema = {**document, **raw["application/json"]["schema"]}
                body = EXAMPLES.get(operation.id) or example_body(operation.body)
                jsonschema.validate(body, schema, cls=jsonschema.Draft202012Validator)


def test_examples_that_are_written_by_hand_work(api: Api, project: Project, owner: User) -> None:
    run: Assessment = make_assessment(project, owner)
    question = run.questions_due()[0].id
    path = f"projects/{project.slug}/assessments/{run.pk}"
    assert api.put(f"{path}/answers/{question}", EXAMPLES["save_answer"]).status_code == 200
    assert api.post(f"{path}/proposals", {**EXAMPLES["propose_answer"], "question": question}).status_code == 201
    assert set(EXAMPLES) == {"save_answer", "propose_answer"}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer", "format": "int64"}, Kind("integer")),
        ({"type": ["string", "null"], "format": "date"}, Kind("string (date)", "", ", or null")),
        ({"type": "string", "format": "binary"}, Kind("file")),
        ({"$ref": "#/components/schemas/PersonShape"}, Kind("", "Person")),
        ({"oneOf": [{"$ref": "#/x/PersonShape"}, {"type": "null"}]}, Kind("", "Person", ", or null")),
        ({"type": "array", "items": {"$ref": "#/x/StepShape"}}, Kind("list of ", "Step")),
        ({"type": "object", "additionalProperties": {"type": "number"}}, Kind("object of number")),
        ({"type": "object", "properties": {}}, Kind("object")),
        ({"description": "Anything."}, Kind("any value")),
    ],
)
def test_kinds(schema: dict[str, Any], kind: Kind) -> None:
    assert kind_of(schema) == kind


@pytest.mark.parametrize(
    ("schema", "limits"),
    [
        ({"minLength": 1, "maxLength": 4000}, ["1 to 4,000 characters"]),
        ({"maximum": 9, "minimum": 0}, ["0 to 9"]),
        ({"minimum": 1, "default": 30}, ["at least 1", "default `30`"]),
        (
            {"type": "array", "items": {"maxLength": 40}, "maxItems": 12},
            ["at most 12 of them", "each at most 40 characters"],
        ),
        ({"pattern": "^x$", "default": ""}, ["pattern `^x$`", 'default `""`']),
        ({}, []),
    ],
)
def test_limits(schema: dict[str, Any], limits: list[str]) -> None:
    assert limits_of(schema) == limits


def test_choices_are_read_out_of_the_text() -> None:
    text, choices = split_choices("How.\n\n* `no_value` - No value\n* `cancelled` - Was ended")
    assert text == "How."
    assert [(choice.value, choice.means) for choice in choices] == [("no_value", ""), ("cancelled", "Was ended")]


def test_a_small_document() -> None:
    schemas = {
        "ThingShape": {"properties": {"parent": {"$ref": "#/x/OtherShape"}}},
        "OtherShape": {"properties": {"again": {"$ref": "#/x/OtherShape"}, "at": {"properties": {"x": {}}}}},
        "Problem": {"properties": {}},
    }
    raw = {
        "operationId": "read_thing",
        "tags": ["two words"],
        "summary": "A thing",
        "description": "As `b`, see `read_thing`.\n\nScopes: `a`.",
        "x-scopes": ["a"],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/x/ThingShape"}}}}},
    }
    found = read_reference({"components": {"schemas": schemas}, "paths": {"/t/{n}": {"get": raw}}})
    (group,) = found.groups
    assert (group.name, group.anchor) == ("Two words", "two-words")
    (operation,) = group.operations
    assert operation.says == (
        (Piece("As "), Piece("b", True), Piece(", see "), Piece("read_thing", True, "op-read_thing"), Piece(".")),
    )
    assert operation.example == 'curl "$SITE/t/$N" \\\n  -H "Authorization: Bearer $TOKEN"'
    assert [shape.name for shape in found.shapes] == ["Other"]
    assert [field.name for field in found.shapes[0].fields] == ["again", "at", "at.x"]

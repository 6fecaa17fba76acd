"""How the number is made, with an example that can be checked by hand."""

from __future__ import annotations

import math
import re

from django.test import Client

from accounts.models import User
from assessor.views import example_result
from tests.make import make_user
from tests.site.cases import signed_in
from tests.site.markup import faults, parse


def test_who_may(client: Client, owner: User, viewer: User) -> None:
    for user in (owner, viewer):
        response = signed_in(user).get("/method/")
        assert response.status_code == 200
        assert faults(response.content) == []
    assert client.get("/method/").status_code == 302
    assert signed_in(make_user()).get("/method/").status_code == 403
    assert signed_in(owner).post("/method/").status_code == 405


def test_the_example_by_hand() -> None:
    """docs/scoring.md: one must-have of weight 2 at its worst, everything else at its best."""
    mean_a = (2 * 1 + 1 * 0 + 1 * 0) / (2 + 1 + 1)
    square_a = mean_a / 2 + 1 / 2
    risk_a, risk_b = 100 * math.sqrt(square_a), 0.0
    index = 100 * math.sqrt((square_a + 0) / 2 / 2 + square_a / 2)
    result = example_result()
    assert math.isclose(result.dimensions["A"].risk, risk_a)
    assert math.isclose(result.dimensions["A"].risk, 86.60254, abs_tol=1e-5)
    assert result.dimensions["B"].risk == risk_b
    assert result.index is not None
    assert math.isclose(result.index, index)
    assert math.isclose(result.index, 75.0)
    assert result.level == "critical"
    assert math.isclose(result.points["a1"], 75.0)
    assert sum(result.points[key] for key in ("a2", "a3", "b1", "b2")) == 0


def test_the_numbers_on_the_page(viewer: User) -> None:
    content = " ".join(parse(signed_in(viewer).get("/method/").content).text_content().split())
    assert "so A stands at 86.6 and B at 0.0" in content
    assert "the index is 75.0, critical" in content
    assert "All of it comes from a1: 75.0 points" in content
    assert "2 × 1² ÷ (2 + 1 + 1) = 0.5" in content
    assert "0.25 + 0.5 = 0.75" in content
    assert "0.1875 + 0.375 = 0.5625" in content
    assert math.isclose(math.sqrt(0.5625), 0.75)
    assert not re.search(r"\d\s?%", content), "the index is no probability"

"""Bodies of boards for tests, as the portfolio freezes them: invented projects, chosen by a seed."""

from __future__ import annotations

import random
import statistics
from typing import Any

from charts import level_of

SHA256 = "b04d5e1f8a3c7d29604f1e8c5b7a9d3e2f6c0a1b4d8e7f5a9c3b2d1e0f4a6c8b"

DIMENSIONS = (
    ("problem", "Business problem and value", "Problem"),
    ("data", "Data access and quality", "Data"),
    ("team", "Team and collaboration", "Team"),
    ("customer", "Customer involvement and delivery", "Customer"),
    ("platform", "Infrastructure and environments", "Platform"),
    ("operations", "Running and improving in production", "Operations"),
)
STAGES = ("Idea", "Prototype", "Pilot", "Production")
UNITS = ("Retail", "Energy", "Claims", "Logistics")
NAMES = (
    "Crop yield estimate", "Sepsis ward alert", "AML alert ranking", "Ticket deflection bot", "Shift scheduling",
    "Safety-incident prediction", "Supplier risk score", "Assortment optimiser", "Network outage prediction",
    "Cross-border VAT reconciliation", "Last-mile route planning", "Customer lifetime value",
)  # fmt: skip
QUARTERS = (
    ("Q3 25", 3, 13, 36), ("Q4 25", 4, 14, 38), ("Q1 26", 4, 16, 38),
    ("Q2 26", 5, 17, 40), ("Q3 26", 6, 18, 40), ("Q4 26", 6, 21, 40),
)  # fmt: skip
DRIVERS = (
    ("3.1", "Three skills", "How many of these three skills have people with agreed hours on the project?", 3.9, 15),
    ("6.1", "Owner in production", "Who will answer when the model misbehaves in production?", 3.8, 8),
    ("3.2", "Those who will run it", "What part do the people who will run the model take in the work today?", 3.3, 5),
    ("1.1", "Problem statement", "What does the written problem statement say?", 3.2, 7),
    ("5.1", "Place in production", "Where will the model run in production?", 3.0, 5),
)


def make_board_body(rows: int = 40, *, projects: int | None = None, seed: int = 7, **changes: Any) -> dict[str, Any]:
    """A body with `rows` rows of `projects` projects. Every twelfth project is too early to be judged."""
    chance = random.Random(seed)
    made = sorted((make_row(place, chance) for place in range(rows)), key=lambda row: -float(row["high"]))
    levels = dict.fromkeys(("critical", "high", "moderate", "low", "none"), 0)
    for row in made:
        levels[("none", "low", "moderate", "high", "critical")[row["level"]]] += 1
    count = rows if projects is None else projects
    worst = levels["critical"] + levels["high"]
    named = [float(row["index"]) for row in made if row["level"]]
    body = {
        "format": 1,
        "kind": "board",
        "organisation": {"name": "Halden Group"},
        "snapshot": {
            "id": "7f3a-19c2-84de",
            "label": "Board meeting in November",
            "taken_at": "2026-11-25T10:42:00+00:00",
            "taken_by": "Ana Ruiz",
        },
        "as_of": None,
        "scope": "All projects",
        "finding": {
            "title": f"{worst} of {count} projects are at high or critical risk, three more than in September",
            "text": "Open points in Customer and Team add most to the risk. Crop yield estimate, Sepsis ward alert and "
            "AML alert ranking need a decision this month.",
        },
        "figures": {
            "projects": count,
            "levels": levels,
            "median": round(statistics.median(named), 2) if named else None,
            "median_before": 55.1 if named else None,
            "since": "2026-09-30",
            "stale": sum(row["change"] is None for row in made),
            "outcomes": 7,
            "assessed": max(count - 1, 0),
        },
        "dimensions": [{"id": key, "name": name, "short": short} for key, name, short in DIMENSIONS],
        "drivers": [
            {"number": number, "short": short, "text": text, "points": points, "worst": worst}
            for number, short, text, points, worst in DRIVERS
        ],
        "changes": [
            {"name": "AML alert ranking", "before": 68.2, "now": 79.4},
            {"name": "Claims triage", "before": 79.0, "now": 68.0},
            {"name": "Last-mile route planning", "before": 68.1, "now": 59.3},
            {"name": "Safety-incident prediction", "before": 69.0, "now": 77.0},
            {"name": "Ticket deflection bot", "before": 71.0, "now": 78.1},
        ],
        "quarters": [
            {"label": label, "critical": critical, "high": high, "projects": total}
            for label, critical, high, total in QUARTERS
        ],
        "units": [
            {
                "name": unit,
                "projects": 10 + place,
                "median": 61.2 - 7 * place,
                "worst": 87.3 - 9 * place,
                "critical": 3 - place,
                "high": 6 - place,
            }
            for place, unit in enumerate(UNITS)
        ],
        "rows": made,
        "left_out": count - rows,
        "checklist": {"id": "ml_readiness", "version": "1.0"},
    }
    return body | changes


def make_row(place: int, chance: random.Random) -> dict[str, Any]:
    """One project: judged, or with too little answered where `place` is a multiple of twelve."""
    early = place % 12 == 11
    index = min(max(chance.gauss(55, 18), 2.0), 98.0)
    span = chance.uniform(30, 60) if early else chance.uniform(3, 14)
    low, high = max(index - span / 2, 0.0), min(index + span / 2, 100.0)
    return {
        "name": f"{NAMES[place % len(NAMES)]}{f' {place // len(NAMES) + 1}' if place >= len(NAMES) else ''}",
        "stage": STAGES[place % 4],
        "unit": UNITS[place % 3],
        "owner": f"Owner {place}",
        "index": index,
        "low": low,
        "high": high,
        "level": 0 if early else level_of(index).number,
        "answered": 24 if early else 50,
        "due": 55,
        "cells": [make_cell(index, chance, is_blank=early and column > 2) for column in range(6)],
        "reviewed_on": None if early else f"2026-{1 + place % 11:02d}-16",
        "change": None if place % 5 == 4 or early else round(chance.gauss(0, 4), 2),
    }


def make_cell(index: float, chance: random.Random, *, is_blank: bool) -> dict[str, Any]:
    if is_blank:
        return {"risk": None, "low": 0.0, "high": 100.0, "level": 0, "answered": 0, "due": 9}
    risk = min(max(index + chance.gauss(0, 12), 0.0), 100.0)
    low, high = max(risk - 5, 0.0), min(risk + 5, 100.0)
    return {"risk": risk, "low": low, "high": high, "level": level_of(risk).number, "answered": 9, "due": 9}


def body_with_text(text: str, rows: int = 40) -> dict[str, Any]:
    """A body that carries one text in every field that a person typed."""
    body = make_board_body(rows)
    body["organisation"]["name"] = text
    body["snapshot"] |= {"label": text, "taken_by": text}
    body["scope"] = text
    body["finding"] = {"title": text, "text": text}
    for row in body["rows"]:
        row |= {"name": text, "unit": text, "owner": text}
    for part in (*body["changes"], *body["units"]):
        part["name"] = text
    return body

"""The board as HTML and as PDF: inert against hostile text, tagged, bounded, readable. Needs Pango."""

from __future__ import annotations

import base64
import io
import math
import re
from pathlib import Path

import pikepdf
import pytest
from pdfua import validate
from PIL import Image

from charts import LEVELS
from findings.board import build_board
from reports import child
from reports.board_pdf import render_board
from reports.pdf import inspect_pdf, render_pdf
from tests.reports import shapes
from tests.reports.board_body import SHA256, body_with_text, make_board_body
from tests.reports.printing import text_of, words_of
from tests.reports.test_pdf import NASTY, PAYLOADS, Collector


def html_of(body: dict[str, object], *, names: bool = True) -> str:
    return render_board(build_board(body, names=names, sha256=SHA256))


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("board") / "forty.pdf"
    render_pdf(html_of(make_board_body(40)), path)
    return path


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("board") / "full.pdf"
    render_pdf(html_of(make_board_body(300, projects=412)), path)
    return path


# ---- HTML and style --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_changes_no_element_of_the_page(payload: str) -> None:
    hostile = Collector(html_of(body_with_text(payload, rows=2)))
    plain = Collector(html_of(body_with_text("x" * len(payload), rows=2)))
    assert hostile.elements == plain.elements
    assert " ".join(payload.split()) in "".join(hostile.data)


def test_no_style_and_no_script_in_the_html() -> None:
    elements = Collector(html_of(make_board_body())).elements
    assert not {"style", "script", "link", "object", "embed", "iframe", "svg", "base"} & {tag for tag, _ in elements}
    assert not any(name == "style" or name.startswith("on") for _, names in elements for name in names)


def test_hidden_names_are_not_in_the_html() -> None:
    body = make_board_body()
    assert "Owner 3" in html_of(body)
    assert "Ana Ruiz" in html_of(body)
    without = html_of(body, names=False)
    assert not re.search(r"Owner \d", without)
    assert "Ana Ruiz" not in without
    assert "Stage, unit, owner" in html_of(body)
    assert "Stage, unit<" in without


def css() -> str:
    return child.BOARD_SHEET.read_text("utf-8")


def test_style_sheet_avoids_what_is_slow_or_untagged() -> None:
    rules = re.sub(r"/\*.*?\*/|base64,[^\"]*", "", css(), flags=re.DOTALL)
    for word in ("opacity", "gradient", "dotted", "flex", "color-mix", "@import", "http:", "svg"):
        assert word not in rules


def test_no_letter_is_smaller_than_seven_points() -> None:
    sizes = [float(size) for size in re.findall(r"([\d.]+)pt(?:/[\d.]+)? ?[I;}]", css())]
    named = [float(size) for size in re.findall(r"font-size: ([\d.]+)pt", css())]
    assert len(named) > 10
    assert min(named) >= 7
    assert min(size for size in sizes if size > 2) >= 7


def test_the_style_sheet_has_the_colours_of_the_levels() -> None:
    for level in LEVELS:
        light = level.light
        assert f".heat .m{level.number}, .front .m{level.number} {{ color: {light.mark};" in css()
        assert f".heat .k{level.number} {{ background-color: {light.fill}; color: {light.text};" in css()


def pixels(png: bytes) -> bytes:
    return Image.open(io.BytesIO(png)).convert("RGBA").tobytes()


def test_the_style_sheet_has_the_shapes_of_the_levels() -> None:
    """Compared by their pixels, because another version of the library may pack the same picture differently."""
    stored = [base64.b64decode(found) for found in re.findall(r"data:image/png;base64,([^\"]+)\"", css())]
    made = [shapes.shape_png(level, level.light.mark) for level in LEVELS]
    made += [shapes.shape_png(level, level.light.text) for level in LEVELS]
    assert [pixels(png) for png in stored] == [pixels(png) for png in [*made, shapes.hatch_png()]]


def test_a_shape_is_the_one_of_its_level() -> None:
    """How much of the 16 x 16 box each shape covers follows from its outline in `charts.levels`."""
    octagon = 14.4**2 - 2 * 4.2**2 - 2 * 5.6 - 2 * 2
    area = {"low": math.pi * 5.6**2, "moderate": 13.6**2 / 2, "high": 14.4 * 13 / 2, "critical": octagon}
    for level in LEVELS:
        inside = sum(pixels(shapes.shape_png(level, "#000000"))[3::4]) / 255
        assert inside / shapes.SIZE**2 * 256 == pytest.approx(area[level.id], rel=0.02)


# ---- the file --------------------------------------------------------------------------------------------------------


def test_the_summary_is_one_page_and_the_table_starts_on_the_next(forty: Path) -> None:
    pages = text_of(forty).split("\f")
    for words in (
        "27 of 40 projects are at high or critical risk",
        "Projects by failure risk",
        "Median failure risk",
        "What adds most to the risk",
        "High and critical, by quarter",
        "Changes since 30 Sep 2026",
        "Units",
    ):
        assert words in " ".join(pages[0].split()), words  # fmt: skip
    assert "All projects" in pages[1]
    assert "How to read this" not in pages[0]
    assert inspect_pdf(forty).pages == 3


def test_the_table_is_in_landscape_and_repeats_its_head(full: Path) -> None:
    with pikepdf.open(full) as file:
        boxes = [tuple(float(side) for side in page.mediabox) for page in file.pages]
    assert boxes[0][3] > boxes[0][2]
    assert all(box[2] > box[3] for box in boxes[1:])
    pages = text_of(full, "-layout").split("\f")
    for page in pages[1 : len(boxes) - 1]:
        assert "Stage, unit" in page
        assert "Operations" in page


def test_three_hundred_rows(full: Path) -> None:
    facts = inspect_pdf(full)
    assert facts.tagged
    assert facts.pages <= 12
    assert facts.size < 2_000_000
    words = words_of(full)
    assert "300 of 412 projects" in words
    assert "The other 112 are not on these pages; the CSV file of the dashboard has all of them." in words
    rows = [len(re.findall(r"(?:Idea|Prototype|Pilot|Production), ", page)) for page in text_of(full).split("\f")]
    assert sum(rows) == 300
    assert 30 <= max(rows) <= 40


@pytest.mark.parametrize("rows", [0, 1, 40])
@pytest.mark.parametrize("names", [True, False])
def test_accessibility_checker_finds_no_error(rows: int, names: bool, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    render_pdf(html_of(make_board_body(rows), names=names), out)
    report = validate(str(out))
    assert [finding for finding in report.findings if str(finding.severity).lower().endswith("error")] == []


def test_accessibility_of_the_full_table(full: Path) -> None:
    report = validate(str(full))
    assert [finding for finding in report.findings if str(finding.severity).lower().endswith("error")] == []


def test_catalogue(forty: Path) -> None:
    with pikepdf.open(forty) as file:
        root = file.Root
        assert root.Lang == "en"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert file.docinfo["/Title"] == "Halden Group: portfolio risk, 25 Nov 2026"
        assert re.search(rb"pdfuaid:part(?:>|=\")1", bytes(root.Metadata.read_bytes()))


def test_figures_have_words(forty: Path) -> None:
    with pikepdf.open(forty) as file:
        figures = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure"]
        words = [str(figure.get("/Alt", "")) for figure in figures]
    assert all(words)
    assert any(text.startswith("Projects by failure risk: 5 critical, 22 high") for text in words)
    assert any("Q4 26: 6 critical and 21 high of 40" in text for text in words)


def test_cells_know_their_heads(forty: Path) -> None:
    """A number in the table is read out with its dimension and its project."""
    with pikepdf.open(forty) as file:
        cells = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/TD"]
    assert len(cells) > 40 * 10
    assert sum("/A" in cell for cell in cells) == len(cells)


def test_fonts_are_embedded_and_ours(forty: Path) -> None:
    with pikepdf.open(forty) as file:
        fonts = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        assert {str(font.FontName).split("+")[1] for font in fonts} == {"Inter", "Inter-Semi-Bold"}


def test_every_level_has_its_word_and_every_gap_too(forty: Path) -> None:
    words = words_of(forty)
    for text in (
        "87 Critical, 84 to 89",
        "74 High, ",
        "47 Moderate, ",
        "23 Low, ",
        "Too early, 71 to 100",
        "no level yet",
    ):
        assert text in words, text
    assert "Low, below 25" in words
    assert "Critical, 75 and up" in words


def test_what_pins_it_down_is_on_the_last_page(forty: Path) -> None:
    last = " ".join(text_of(forty).rstrip("\f").split("\f")[-1].split())
    for text in ("How to read this", "7f3a-19c2-84de", "ml_readiness 1.0", "25 Nov 2026, 10:42 UTC by Ana Ruiz"):
        assert text in last, text
    assert SHA256 in last.replace(" ", "")


def test_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    html = html_of(make_board_body(5))
    for name in ("a.pdf", "b.pdf"):
        render_pdf(html, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def extreme() -> dict[str, object]:
    """As much as any part may hold, in the widest letters."""
    body = body_with_text("W" * 120, rows=12)
    body["finding"] = {"title": "W" * 400, "text": "W" * 900}
    body["units"] = body["units"] * 4
    for driver in body["drivers"]:
        driver["text"] = "How many of these things are Wanted " * 9
    return body


def test_the_summary_keeps_to_its_page_whatever_it_holds(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    render_pdf(html_of(extreme()), out)
    pages = text_of(out).split("\f")
    assert "The first 6 units by median risk" in pages[0]
    assert "All projects" in pages[1]


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_stay_on_the_page(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    render_pdf(html_of(body_with_text(NASTY[name], rows=12)), out)
    assert inspect_pdf(out).pages <= 3
    boxes = text_of(out, "-bbox")
    for page in boxes.split("<page ")[1:]:
        width = float(re.search(r'width="([\d.]+)"', page).group(1))  # type: ignore[union-attr]
        for left, right in re.findall(r'xMin="(-?[\d.]+)" yMin="[^"]+" xMax="(-?[\d.]+)"', page):
            assert float(left) >= -1
            assert float(right) <= width + 1
    if name == "controls":
        assert "invoice[U+202E]gpj.exe[U+2066][U+200B]" in words_of(out).replace(" ", "")

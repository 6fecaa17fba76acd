"""The report as HTML and as PDF: inert against hostile text, tagged, readable. Needs Pango, and fails without it."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pikepdf
import pytest
from pdfua import validate

from charts import LEVELS, shape_address
from checklists.schema import Question
from reports import child
from reports.pdf import inspect_pdf, render_pdf
from tests.reports import bodies
from tests.reports.printing import body_with, html_of, text_of, words_of


@pytest.fixture(scope="module")
def typical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "typical.pdf"
    render_pdf(html_of(bodies.typical_pilot(note_of=lambda q: "Seen in the test." if q.number == "2.1" else "")), path)
    return path


# ---- HTML ------------------------------------------------------------------------------------------------------------

_CORES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<style>@import 'http://127.0.0.1/x'</style>",
    "<link rel=attachment href='file:///etc/passwd'>",
    "<object data='file:///etc/passwd'></object>",
    "<embed src='http://127.0.0.1/x'>",
    "<iframe src='file:///etc/passwd'></iframe>",
    "<a rel=attachment href='file:///etc/passwd'>x</a>",
    "<base href='http://127.0.0.1/'>",
    "{{ doc.head.owner }}{% load static %}",
    "<bdi dir=rtl>x</bdi>",
)
_WRAPPERS = ("{}", '">{}', "'>{}", "</p></td></table>{}", "]]>-->{}</title>")
PAYLOADS = [wrapper.format(core) for core in _CORES for wrapper in _WRAPPERS]


class Collector(HTMLParser):
    """All elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.data: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def test_there_are_sixty_payloads() -> None:
    assert len(set(PAYLOADS)) == 60


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_changes_no_element_of_the_page(payload: str) -> None:
    hostile, plain = Collector(html_of(body_with(payload))), Collector(html_of(body_with("x" * len(payload))))
    assert hostile.elements == plain.elements
    assert " ".join(payload.split()) in "".join(hostile.data)


def test_no_style_and_no_script_in_the_html() -> None:
    elements = Collector(html_of(bodies.three_roles())).elements
    assert not {"style", "script", "link", "object", "embed", "iframe", "svg", "base"} & {tag for tag, _ in elements}
    assert not any(name == "style" or name.startswith("on") for _, names in elements for name in names)


def test_risk_never_carries_a_percent_sign() -> None:
    html = html_of(bodies.typical_pilot())
    before_the_quotes = html[: html.index('id="sources"')].replace("Why 85% of Machine Learning Projects Fail", "")
    assert "%" not in re.sub(r'(?:src|href)="[^"]*"', "", before_the_quotes)


def test_the_style_sheet_has_the_colours_and_shapes_of_the_levels() -> None:
    css = child.STYLE_SHEET.read_text("utf-8")
    for level in LEVELS:
        light = level.light
        assert f".l{level.number} {{ color: {light.mark} }}" in css
        assert f".chip.l{level.number} {{ background: {light.fill}; color: {light.text} }}" in css
        assert shape_address(level, light.mark) in css
        assert shape_address(level, light.text) in css


def test_style_sheet_avoids_what_is_slow_or_untagged() -> None:
    css = re.sub(r"/\*.*?\*/", "", child.STYLE_SHEET.read_text("utf-8"), flags=re.DOTALL)
    for word in ("opacity", "gradient", "dotted", "flex", "color-mix", "@import", "http:"):
        assert word not in css.replace("http%3A", "")


# ---- the file --------------------------------------------------------------------------------------------------------


def test_a_typical_report_has_twelve_pages(typical: Path) -> None:
    facts = inspect_pdf(typical)
    with pikepdf.open(typical) as file:
        assert facts.pages == len(file.pages)
    assert 12 <= facts.pages <= 13
    assert facts.tagged
    assert facts.size == typical.stat().st_size < 400_000


def test_a_damaged_file_has_no_pages(typical: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(typical.read_bytes()[:-2000])
    assert inspect_pdf(torn).pages == 0
    torn.write_bytes(b"")
    assert inspect_pdf(torn).pages == 0


def test_catalogue(typical: Path) -> None:
    with pikepdf.open(typical) as file:
        root = file.Root
        assert root.Lang == "en"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert root.Outlines.Count > 20
        assert file.docinfo["/Title"] == "Claims sorting: failure risk report, 22 Nov 2026"
        metadata = bytes(root.Metadata.read_bytes())
        assert b"pdfuaid" in metadata
        assert re.search(rb"pdfuaid:part(?:>|=\")1", metadata)


def test_fonts_are_embedded_and_ours(typical: Path) -> None:
    with pikepdf.open(typical) as file:
        fonts = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        assert fonts
        assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)
        assert {str(font.FontName).split("+")[1] for font in fonts} == {"Inter", "Inter-Semi-Bold"}


def test_figures_have_words(typical: Path) -> None:
    with pikepdf.open(typical) as file:
        figures = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure"]
        assert len(figures) >= 14
        assert all(str(figure.get("/Alt", "")) for figure in figures)
        words = [str(figure.Alt) for figure in figures]
    assert any(text.startswith("Scale from 0 to 100, lower is better.") for text in words)
    assert any(text.startswith("Data access and quality: risk ") for text in words)


@pytest.mark.parametrize("sample", ["typical_pilot", "early_idea", "three_roles", "all_excluded", "all_best"])
def test_accessibility_checker_finds_no_error(sample: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    render_pdf(html_of(getattr(bodies, sample)()), out)
    report = validate(str(out))
    assert [finding for finding in report.findings if str(finding.severity).lower().endswith("error")] == []


def test_text_can_be_read_in_order(typical: Path) -> None:
    words = words_of(typical)
    order = [
        "Failure risk report before the pilot, 22 Nov 2026",
        "failure risk of 100, lower is better",
        "Summary and decision asked",
        "Not ready for the pilot: two must-haves are not met or not known",
        "Decision asked",
        "What to do first",
        "Risk by dimension",
        "Dimension 1 of 6",
        "What holds",
        "What is open",
        "What helps most",
        "Answers",
        "Dimension 6 of 6",
        "Action plan",
        "not assigned",
        "Answer first: what narrows the range most",
        "Where the 65.6 points come from",
        "Method and limits",
        "Published figures and sources",
    ]
    places, start = [], 0
    for phrase in order:
        assert phrase in words[start:], phrase
        start = words.index(phrase, start)
        places.append(start)
    assert places == sorted(places)
    for level in ("Moderate", "High risk", "Critical"):
        assert level in words
    assert f"sha256 {bodies.SHA256[:12]}" in words
    assert bodies.SHA256 in words
    assert "Seen in the test." in words


def test_no_heading_stands_alone_at_the_foot_of_a_page(typical: Path) -> None:
    headings = {"What holds", "What helps most", "Answers", "Notes", "Risk by dimension", "What was assessed"}
    for page in text_of(typical).split("\f"):
        lines = [line.strip() for line in page.splitlines() if line.strip()]
        body = [line for line in lines if not re.match(r"Preflight, |\d+ / \d+$", line)]
        assert not body or body[-1] not in headings


def test_a_dimension_with_thirteen_long_answers_keeps_to_its_page(tmp_path: Path) -> None:
    """The longest choice of every question of the fullest dimension, each with evidence on two lines."""

    def longest(question: Question) -> int:
        return max(range(len(question.choices)), key=lambda level: len(question.choices[level]))

    facts = tuple(fact.id for fact in bodies.checklist().facts)
    body = bodies.typical_pilot(
        people=(bodies.Person("Team member one", None, longest),),
        facts=facts,
        stage="production",
        evidence_of=lambda question: ("Minutes of the steering meeting, 3 Nov 2026", "https://wiki.example.org/p"),
    )
    assert max(due for _, due in body["progress"]["dimensions"].values()) >= 13
    out = tmp_path / "out.pdf"
    render_pdf(html_of(body), out)
    pages = text_of(out).split("\f")
    starts = [place for place, page in enumerate(pages) if re.search(r"Dimension \d of 6", page)]
    assert starts == list(range(2, 8))
    assert "Action plan" in pages[8]


def test_dimensions_with_little_to_say_share_a_page(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    render_pdf(html_of(bodies.early_idea()), out)
    pages = [re.findall(r"Dimension \d of 6", page) for page in text_of(out).split("\f")]
    assert [len(found) for found in pages if found] == [2, 4]


def test_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    html = html_of(bodies.early_idea())
    for name in ("a.pdf", "b.pdf"):
        render_pdf(html, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


NASTY = {
    "120 letters": "W" * 120,
    "right to left": "نظام فرز المطالبات الواردة",
    "accents": "Élodie Štěpánková Ærøskøbing Ωμέγα данные",
    "emoji": "😀👩\u200d👩\u200d👧🏽🇩🇪",
    "controls": "invoice\u202egpj.exe\u2066\u200b",
    "markup": "<b>&amp;{{ 7 }}</b>",
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_stay_on_the_page(name: str, tmp_path: Path) -> None:
    text = NASTY[name]
    out = tmp_path / "out.pdf"
    body = body_with(text)
    body["snapshot"]["id"] = "7f3a-19c2"
    render_pdf(html_of(body), out)
    assert inspect_pdf(out).pages <= 16
    boxes = text_of(out, "-bbox")
    for page in boxes.split("<page ")[1:]:
        width = float(re.search(r'width="([\d.]+)"', page).group(1))  # type: ignore[union-attr]
        for left, right in re.findall(r'xMin="(-?[\d.]+)" yMin="[^"]+" xMax="(-?[\d.]+)"', page):
            assert float(left) >= -1
            assert float(right) <= width + 1
    shown = words_of(out)
    if name == "controls":
        assert "invoice[U+202E]gpj.exe[U+2066][U+200B]" in shown.replace(" ", "")
    if name in {"accents", "markup"}:
        assert text in shown


def test_letters_of_every_script_keep_their_own_font(tmp_path: Path) -> None:
    """Several files under one family name made WeasyPrint print Cyrillic text with Latin shapes."""
    out = tmp_path / "out.pdf"
    render_pdf(html_of(bodies.early_idea(project="Šířka Ωμέγα данные")), out)
    listed = subprocess.run(["pdffonts", str(out)], capture_output=True, check=True, timeout=30).stdout.decode()
    for family in ("Inter-latin-ext", "Inter-greek", "Inter-cyrillic"):
        assert family in listed
    assert "DejaVu" not in listed


def test_four_thousand_letters_flow_over_pages(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    long_note = ("A sentence of a note with several words in it. " * 90)[:4000]
    notes = {"1.1": long_note, "1.2": "N" * 4000, "1.3": "\n" * 3999 + "end"}
    render_pdf(html_of(bodies.typical_pilot(note_of=lambda question: notes.get(question.number, ""))), out)
    assert 13 <= inspect_pdf(out).pages <= 18
    words = words_of(out)
    assert words.count("A sentence of a note with several words in it.") >= 84
    assert words.replace(" ", "").replace("\u200b", "").count("N" * 50) >= 70

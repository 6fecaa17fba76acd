"""Plotly's files come out of the installed package: these two, nothing else, and the sheet holds the script's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from assessor import package_files
from assessor.package_files import UnfitPackage
from assessor.plotly_files import SCRIPT, PlotlyFinder, package_data, style_rules, stylesheet
from assessor.static_storage import SwiftCompressor

MANIFEST = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
LITERAL = (
    """n={"X,X div":'font-family:"Open Sans",arial;margin:0;',"""
    """"X a":"color:red;",Y:"position:fixed;","Y p":"margin:0;"};for("""
)


@pytest.fixture
def fresh_cache(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA_DIR=tmp_path):
        yield tmp_path


def test_the_script_is_the_package_s_own() -> None:
    found = finders.find("plotly/plotly.min.js")
    assert isinstance(found, str)
    assert Path(found) == package_data() / SCRIPT


def test_the_sheet_is_made_when_it_is_first_asked_for(fresh_cache: Path) -> None:
    found = finders.find("plotly/plotly.css")
    assert isinstance(found, str)
    assert Path(found).is_relative_to(fresh_cache)
    assert Path(found).read_text("utf-8") == stylesheet((package_data() / SCRIPT).read_text("utf-8"))


def test_an_old_sheet_is_replaced(fresh_cache: Path) -> None:
    path = Path(str(finders.find("plotly/plotly.css")))
    path.write_text("of another version", "utf-8")
    assert finders.find("plotly/plotly.css") == str(path)
    assert "of another version" not in path.read_text("utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["plotly.css"]


@pytest.mark.parametrize(
    "path",
    [
        "plotly/widgetbundle.js",
        "plotly/datasets/iris.csv.gz",
        "plotly/../plotly/plotly.min.js",
        "plotly/",
        "plotly",
        "plotly.min.js",
        "other/plotly.min.js",
    ],
)
def test_nothing_else_is_found(path: str) -> None:
    assert finders.find(path) is None
    assert finders.find(path, find_all=True) == []


def test_both_are_found_as_lists() -> None:
    assert [Path(found).name for found in finders.find("plotly/plotly.css", find_all=True)] == ["plotly.css"]


def test_two_files_are_collected_under_hashed_names(tmp_path: Path) -> None:
    root = tmp_path / "static"
    with override_settings(
        STATIC_ROOT=root, STORAGES=MANIFEST, STATICFILES_FINDERS=["assessor.plotly_files.PlotlyFinder"]
    ):
        call_command("collectstatic", "--noinput", "--verbosity", "0")
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    assert set(names) == {"plotly/plotly.min.js", "plotly/plotly.css"}
    for name, hashed in names.items():
        assert (root / hashed).read_bytes() == Path(str(finders.find(name))).read_bytes()


def test_ignored_files_are_not_collected() -> None:
    assert [name for name, _ in PlotlyFinder().list(["*.js"])] == ["plotly.css"]


def test_every_rule_of_the_installed_script_is_in_the_sheet() -> None:
    script = (package_data() / SCRIPT).read_text("utf-8")
    rules = style_rules(script)
    assert len(rules) > 60
    by_selector = dict(rules)
    assert by_selector[".js-plotly-plot .plotly .main-svg"] == "position:absolute;top:0;left:0;pointer-events:none;"
    assert by_selector[".plotly-notifier p"] == "margin:0;"
    sheet = stylesheet(script)
    assert sheet.count("{") == sheet.count("}") == len(rules)
    assert "X" not in "".join(by_selector)
    assert "@import" not in sheet
    assert "url(" not in sheet


def test_rules_are_read_in_any_quotes_and_written_last_first() -> None:
    assert style_rules(LITERAL) == [
        (".js-plotly-plot .plotly,.js-plotly-plot .plotly div", 'font-family:"Open Sans",arial;margin:0;'),
        (".js-plotly-plot .plotly a", "color:red;"),
        (".plotly-notifier", "position:fixed;"),
        (".plotly-notifier p", "margin:0;"),
    ]
    assert stylesheet(LITERAL).splitlines()[1] == ".plotly-notifier p { margin:0; }"


@pytest.mark.parametrize("script", ["", LITERAL.replace("X,X div", "Z"), LITERAL.replace('"X a":', "[x]:")])
def test_a_script_that_writes_its_rules_otherwise_is_refused(script: str) -> None:
    with pytest.raises(UnfitPackage, match="style rules"):
        style_rules(script)


def test_a_missing_package_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PlotlyFinder().check() == []
    monkeypatch.setattr(package_files, "find_spec", lambda name: None)
    assert [problem.id for problem in PlotlyFinder().check()] == ["preflight.E101"]


def test_the_page_s_script_stands_in_for_the_style_elements_of_this_version() -> None:
    """Plotly's script looks for two ids before it writes a style element; an upgrade may rename the second."""
    ours = (settings.BASE_DIR / "static/js/explore.js").read_text("utf-8")
    script = (package_data() / SCRIPT).read_text("utf-8")
    for name in ("9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53", "no-inline-styles"):
        assert name in ours
        assert name in script
    assert script.count('createElement("style")') == 2
    assert '"plotly.js-style-"' in script


def test_large_files_are_compressed_quickly_and_small_ones_well() -> None:
    small, large = b"body { color: red }" * 40, (package_data() / SCRIPT).read_bytes()
    assert SwiftCompressor.compress_brotli(small) == brotli.compress(small)
    packed = SwiftCompressor.compress_brotli(large)
    assert brotli.decompress(packed) == large
    assert len(packed) < 0.3 * len(large)

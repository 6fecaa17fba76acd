"""The console's files come out of the installed package: these three and nothing else of its nine megabytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from assessor import package_files
from assessor.swagger_files import SwaggerFinder, of_package

MANIFEST = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
NAMES = {"swagger/swagger-ui-bundle.js", "swagger/swagger-ui.css", "swagger/swagger-ui-bundle.js.LICENSE.txt"}


@pytest.fixture
def fresh_cache(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA_DIR=tmp_path):
        yield tmp_path


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt"])
def test_script_and_licence_are_the_package_s_own(name: str) -> None:
    assert finders.find(f"swagger/{name}") == str(of_package(name))


def test_the_sheet_is_the_package_s_without_its_source_map(fresh_cache: Path) -> None:
    found = Path(str(finders.find("swagger/swagger-ui.css")))
    assert found.is_relative_to(fresh_cache)
    ours, theirs = found.read_text("utf-8"), of_package("swagger-ui.css").read_text("utf-8")
    assert theirs.startswith(ours)
    assert theirs.removeprefix(ours).strip() == "/*# sourceMappingURL=swagger-ui.css.map*/"


@pytest.mark.parametrize(
    "path",
    [
        "swagger/swagger-ui-standalone-preset.js",
        "swagger/swagger-ui-bundle.js.map",
        "swagger/../swagger/swagger-ui.css",
        "swagger/",
        "swagger-ui.css",
        "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js",
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
    ],
)
def test_nothing_else_is_found(path: str) -> None:
    assert finders.find(path) is None
    assert finders.find(path, find_all=True) == []


def test_three_files_are_collected_under_hashed_names(tmp_path: Path) -> None:
    root = tmp_path / "static"
    with override_settings(
        STATIC_ROOT=root, STORAGES=MANIFEST, STATICFILES_FINDERS=["assessor.swagger_files.SwaggerFinder"]
    ):
        call_command("collectstatic", "--noinput", "--verbosity", "0")
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    assert set(names) == NAMES
    for name, hashed in names.items():
        assert (root / hashed).read_bytes() == Path(str(finders.find(name))).read_bytes()


def test_nothing_of_the_sheet_is_fetched_from_elsewhere() -> None:
    sheet = Path(str(finders.find("swagger/swagger-ui.css"))).read_text("utf-8")
    assert "@import" not in sheet
    assert sheet.count("url(") == sheet.count('url("data:') + sheet.count("url(data:")


def test_the_other_files_of_the_package_are_not_collected() -> None:
    assert "drf_spectacular_sidecar" not in settings.INSTALLED_APPS


def test_a_missing_package_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SwaggerFinder().check() == []
    monkeypatch.setattr(package_files, "find_spec", lambda name: None)
    assert [str(problem.msg) for problem in SwaggerFinder().check()] == [
        "The package drf_spectacular_sidecar with its swagger-ui-bundle.js is not installed."
    ]

"""The console of the reference page: two files of Swagger UI and their licence, out of drf-spectacular-sidecar.

That package is no installed app, because all of its nine megabytes would be collected. The style sheet is copied
without its last line, the name of a source map that is not served.
"""

from __future__ import annotations

from pathlib import Path

from assessor.package_files import PackageFinder, kept, package_folder

PREFIX = "swagger"
SCRIPT, SHEET = "swagger-ui-bundle.js", "swagger-ui.css"
LICENCE = "swagger-ui-bundle.js.LICENSE.txt"
FOLDER = "static/drf_spectacular_sidecar/swagger-ui-dist"
MAP = "/*# sourceMappingURL="


def of_package(name: str) -> Path:
    """The place of one of the package's own files. Raises UnfitPackage."""
    return package_folder("drf_spectacular_sidecar", FOLDER, name) / name


def script() -> Path:
    return of_package(SCRIPT)


def sheet() -> Path:
    text = of_package(SHEET).read_text("utf-8")
    return kept(PREFIX, SHEET, "".join(line for line in text.splitlines(keepends=True) if not line.startswith(MAP)))


def licence() -> Path:
    return of_package(LICENCE)


class SwaggerFinder(PackageFinder):
    prefix = PREFIX
    own = {SCRIPT: script, LICENCE: licence}
    written = {SHEET: sheet}

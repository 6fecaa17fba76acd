"""A few files of installed packages among the site's own, and nothing else of those packages.

A file is the package's own, byte for byte, or written from it into the cache of the data directory, so that it always
belongs to the installed version.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Literal, overload

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage


class UnfitPackage(Exception):
    """The installed package is not the one that is understood here; the text says what is missing."""


def package_folder(package: str, folder: str, file: str) -> Path:
    """The folder inside an installed package that holds `file`. The package itself is not imported, which is slow.

    Raises UnfitPackage.
    """
    spec = find_spec(package)
    for place in (spec.submodule_search_locations if spec else None) or ():
        if (Path(place) / folder / file).is_file():
            return Path(place) / folder
    raise UnfitPackage(f"The package {package} with its {file} is not installed.")


def kept(prefix: str, name: str, text: str) -> Path:
    """The place of a file that was written from a package's, written again only if the text is another one."""
    path = Path(settings.DATA_DIR) / "cache" / prefix / name
    if not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, text)
    return path


def _write_whole(path: Path, text: str) -> None:
    """Write so that a second process sees all of the file or none of it."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


class PackageFinder(BaseFinder):
    """Finds the files that it names below `prefix`, and nothing else.

    By name: what gives the file's place on disk, which ends with the name, or raises UnfitPackage.
    """

    prefix: ClassVar[str]
    own: ClassVar[Mapping[str, Callable[[], Path]]]
    written: ClassVar[Mapping[str, Callable[[], Path]]]

    @property
    def places(self) -> dict[str, Callable[[], Path]]:
        return {**self.own, **self.written}

    def check(self, **kwargs: object) -> list[CheckMessage]:
        """Say at the start, not on the first click, that the package does not fit."""
        try:
            for place in self.own.values():
                place()
        except UnfitPackage as problem:
            return [Error(str(problem), id="preflight.E101")]
        return []

    @overload
    def find(self, path: str, find_all: Literal[False] = ...) -> str | None: ...
    @overload
    def find(self, path: str, find_all: Literal[True]) -> list[str]: ...
    def find(self, path: str, find_all: bool = False) -> str | list[str] | None:
        """The file's place on disk. Nothing found is an empty list, as Django's finders do."""
        prefix, _, name = path.partition("/")
        if prefix != self.prefix or name not in self.places:
            return []
        found = str(self.places[name]())
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every file with the storage that collectstatic copies it from."""
        for name, place in self.places.items():
            if not matches_patterns(name, list(ignore_patterns or ())):
                storage = FileSystemStorage(location=place().parent)
                storage.prefix = self.prefix  # type: ignore[attr-defined]
                yield name, storage

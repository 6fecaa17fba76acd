"""The first sheet of an XLSX file, read in bounded time.

openpyxl needs a minute for a file of 33 kB whose style sheet unpacks to 20 MB, so that reading what strangers send is
done here: the parts are counted before they are unpacked, their elements while they are parsed.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from xml.parsers.expat import ExpatError, ParserCreate

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from spreadsheets.escaping import read_xml_text
from spreadsheets.sheet import MOST_COLUMNS, Sheet, SheetRefused, Unreadable, Value, make_sheet

MOST_ENTRIES = 200
MOST_UNPACKED = 20_000_000
MOST_ELEMENTS = 400_000
"""With their attributes, of the parts that are read."""
NAMESPACES = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://schemas.openxmlformats.org/package/2006/relationships",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
)

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_PROTECTED = b"\xd0\xcf\x11\xe0"
_LONGEST_NUMBER = 100
_FORMULA = Unreadable("holds a formula. Put the value itself there.")
_BROKEN = "this workbook is broken. Open it in a spreadsheet program and save it again as .xlsx."

Attributes = Mapping[str, str]


def read_xlsx(data: bytes) -> Sheet:
    """Reads the first sheet. Texts are texts, numbers int or float, dates date; formulas and errors Unreadable.

    Raises SheetRefused.
    """
    if data.startswith(_PROTECTED):
        raise SheetRefused("it is protected by a password, or an old .xls file. Save it as .xlsx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _Workbook(_unpack(package)).read()
    except SheetRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SheetRefused("this is no workbook, or a broken one.") from error
    except (ExpatError, ValueError, OverflowError, LookupError, struct.error) as error:
        raise SheetRefused(_BROKEN) from error


def _unpack(package: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts that are XML, by name. Sizes are counted before, and again while unpacking."""
    entries = package.infolist()
    if len(entries) > MOST_ENTRIES:
        raise SheetRefused(f"a workbook may have at most {MOST_ENTRIES} parts, this has {len(entries):,}.")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise SheetRefused(f"unpacked it may hold at most {MOST_UNPACKED // 1_000_000} MB.")
    parts: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for entry in entries:
        if entry.flag_bits & 1:
            raise SheetRefused("it is protected by a password. Save it without one.")
        # The other methods unpack without a limit.
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise SheetRefused(_BROKEN)
        if entry.filename.endswith((".xml", ".rels")):
            with package.open(entry) as file:
                part = file.read(left + 1)
            left -= len(part)
            if left < 0:
                raise SheetRefused(f"unpacked it may hold at most {MOST_UNPACKED // 1_000_000} MB.")
            parts[entry.filename] = part
    return parts


class _Workbook:
    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self.parts = parts
        self.elements = 0

    def read(self) -> Sheet:
        main = next((path for kind, path in self._relations("").values() if kind == "officeDocument"), "")
        if main not in self.parts:
            raise SheetRefused("this is no workbook.")
        relations = self._relations(main)
        sheet, epoch = self._first_sheet(main)
        kind, path = relations.get(sheet, ("", ""))
        if kind != "worksheet" or path not in self.parts:
            raise SheetRefused("its first sheet is no table.")
        by_kind = dict(relations.values())
        reader = _SheetReader(
            self._strings(by_kind.get("sharedStrings", "")), self._date_styles(by_kind.get("styles", "")), epoch
        )
        self._parse(path, reader.start, reader.end, reader.characters)
        return make_sheet(reader.rows())

    def _parse(
        self,
        path: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None = None,
        characters: Callable[[str], None] | None = None,
    ) -> None:
        """Calls back with names without their namespace, as there are two dialects. Refuses entities."""
        names = _Names()

        def begin(name: str, attributes: dict[str, str]) -> None:
            self.elements += 1 + len(attributes)
            if self.elements > MOST_ELEMENTS:
                raise SheetRefused("it holds too much. Keep the one sheet, and remove what is empty.")
            names.open(attributes)
            start(names.element(name), names.attributes(attributes))

        def finish(name: str) -> None:
            if end is not None:
                end(names.element(name))
            names.close()

        def refuse(*_: object) -> None:
            raise SheetRefused(_BROKEN)

        # Its own resolution of namespaces can be made to take minutes by one long address.
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = begin
        parser.StartDoctypeDeclHandler = refuse
        parser.EndElementHandler = finish
        if characters is not None:
            parser.CharacterDataHandler = characters
        parser.Parse(self.parts[path], True)

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """What a part, or the whole package, refers to: the kind and the path by id."""
        folder, name = posixpath.split(path)
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: Attributes) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
                found[attributes["Id"]] = (attributes["Type"].rsplit("/", 1)[-1], target)

        self._parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _first_sheet(self, path: str) -> tuple[str, datetime]:
        """The relation of the first sheet, and the day from which the workbook counts."""
        sheets: list[str] = []
        epochs = [CALENDAR_WINDOWS_1900]

        def start(element: str, attributes: Attributes) -> None:
            if element == "sheet":
                sheets.append(attributes["id"])
            if element == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                epochs.append(CALENDAR_MAC_1904)

        self._parse(path, start)
        return sheets[0], epochs[-1]

    def _strings(self, path: str) -> list[str]:
        """The table of texts. Hints on pronunciation are left out."""
        strings: list[str] = []
        texts = _Texts()

        def end(element: str) -> None:
            texts.end(element)
            if element == "si":
                strings.append(texts.take())

        if path in self.parts:
            self._parse(path, texts.start, end, texts.characters)
        return strings

    def _date_styles(self, path: str) -> frozenset[int]:
        """The numbers of the cell styles that show a number as a date."""
        codes = dict(BUILTIN_FORMATS)
        formats: list[int] = []
        inside: list[bool] = [False]

        def start(element: str, attributes: Attributes) -> None:
            if element == "numFmt":
                codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
            elif element in {"cellXfs", "cellStyleXfs"}:
                inside[0] = element == "cellXfs"
            elif element == "xf" and inside[0]:
                formats.append(int(attributes.get("numFmtId", "0")))

        def end(element: str) -> None:
            if element == "cellXfs":
                inside[0] = False

        if path in self.parts:
            self._parse(path, start, end)
        dates = {number for number in set(formats) if is_date_format(codes.get(number, "")[:200])}
        return frozenset(place for place, number in enumerate(formats) if number in dates)


class _Names:
    """Names without their prefix. Elements of a namespace that is not read have none, their attributes are left out."""

    def __init__(self) -> None:
        self._is_read: dict[str, list[bool]] = {}
        self._declared: list[list[str]] = []

    def open(self, attributes: Attributes) -> None:
        declared = []
        for key, value in attributes.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                declared.append(key[6:])
                self._is_read.setdefault(key[6:], [False]).append(value in NAMESPACES)
        self._declared.append(declared)

    def close(self) -> None:
        for prefix in self._declared.pop():
            self._is_read[prefix].pop()

    def element(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return local if self._is_read.get(prefix, (False,))[-1] else ""

    def attributes(self, attributes: Attributes) -> Attributes:
        found = {}
        for key, value in attributes.items():
            prefix, _, local = key.rpartition(":")
            if not prefix or self._is_read.get(prefix, (False,))[-1]:
                found[local] = value
        return found


class _Texts:
    """Gathers the text of <t> elements, but for those in <rPh>."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._is_text = self._is_hint = False

    def start(self, element: str, attributes: Attributes) -> None:
        self._is_hint = self._is_hint or element == "rPh"
        self._is_text = element == "t" and not self._is_hint

    def end(self, element: str) -> None:
        self._is_text = False
        if element == "rPh":
            self._is_hint = False

    def characters(self, text: str) -> None:
        if self._is_text:
            self._pieces.append(text)

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        return read_xml_text(text)


class _SheetReader:
    """Puts the cells of a sheet together while it is parsed."""

    def __init__(self, strings: list[str], dates: frozenset[int], epoch: datetime) -> None:
        self._strings, self._dates, self._epoch = strings, dates, epoch
        self._found: dict[int, dict[int, Value]] = {}
        self._row = self._column = 0
        self._type, self._style = "n", 0
        self._value: list[str] = []
        self._is_value = self._is_formula = self._is_data = False
        self._texts = _Texts()

    def start(self, element: str, attributes: Attributes) -> None:
        if element == "sheetData":
            self._is_data = True
        if not self._is_data:
            return
        self._texts.start(element, attributes)
        self._is_value = element == "v"
        if element == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
        elif element == "c":
            self._place(attributes.get("r"))
            self._type, self._style = attributes.get("t", "n"), int(attributes.get("s", "0"))
            self._value.clear()
            self._is_formula = False
        elif element == "f":
            self._is_formula = True

    def _place(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
        elif found := _REFERENCE.fullmatch(reference):
            self._row, self._column = int(found.group(2)), _column_number(found.group(1))
        else:
            raise SheetRefused(_BROKEN)

    def characters(self, text: str) -> None:
        self._texts.characters(text)
        if self._is_value:
            self._value.append(text)

    def end(self, element: str) -> None:
        if not self._is_data:
            return
        if element == "sheetData":
            self._is_data = False
        self._texts.end(element)
        self._is_value = False
        if element == "c":
            text = self._texts.take()
            value = text if self._type == "inlineStr" else self._typed("".join(self._value))
            value = _FORMULA if self._is_formula else value
            if value is not None and value != "":
                if self._column > MOST_COLUMNS:
                    raise SheetRefused(f"at most {MOST_COLUMNS} columns can be read.")
                self._found.setdefault(self._row, {})[self._column] = value

    def _typed(self, text: str) -> Value:
        if not text:
            return None
        if self._type == "e":
            return Unreadable(f"holds the error {text[:20]}. Put a value there.")
        if self._type == "s":
            return self._strings[int(text)]
        if self._type == "str":
            return read_xml_text(text)
        if self._type == "b":
            return text in {"1", "true"}
        if self._type == "d":
            return datetime.fromisoformat(text).date()
        return self._number(text)

    def _number(self, text: str) -> Value:
        if len(text) > _LONGEST_NUMBER:
            raise SheetRefused(_BROKEN)
        number = float(text)
        if number in {float("inf"), float("-inf")} or number != number:
            raise SheetRefused(_BROKEN)
        if self._style in self._dates:
            found = from_excel(number, self._epoch)
            return found.date() if isinstance(found, datetime) else found if isinstance(found, date) else str(found)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number

    def rows(self) -> Iterator[tuple[int, Mapping[int, Value]]]:
        return iter(sorted(self._found.items()))


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number

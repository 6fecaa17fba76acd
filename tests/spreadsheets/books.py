"""Workbooks made by hand, so that they may hold what no program would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def relations(*links: tuple[str, str]) -> str:
    """The links are of a kind and a target each."""
    items = "".join(
        f'<Relationship Id="r{place}" Type="{DOCUMENT}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(links)
    )
    return f'<Relationships xmlns="{PACKAGE}">{items}</Relationships>'


def sheet_xml(rows: str, more: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{more}</worksheet>'


def parts_of(rows: str = '<row r="1"><c r="A1" t="inlineStr"><is><t>A</t></is></c></row>') -> dict[str, str]:
    return {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><workbookPr/>'
        '<sheets><sheet name="S" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/worksheets/sheet1.xml": sheet_xml(rows),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>shared</t></si><si><r><t>ri</t></r><r><t>ch</t></r>'
        "<rPh><t>hint</t></rPh></si><si><t>a_x000D_\nb</t></si></sst>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="dd\\.mm\\.yyyy"/>'
        '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>',
    }


def pack(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return file.getvalue()


def book_of(rows: str) -> bytes:
    return pack(parts_of(rows))

"""The shapes of the levels as small PNG files, for the cells of the board's table.

A drawing costs WeasyPrint about a millisecond for each cell, a PNG is put into the file once. The style sheet holds
what `python -m tests.reports.shapes` prints; a test compares its pictures with those that are made here.
"""

from __future__ import annotations

import base64
import io

from PIL import Image, ImageColor, ImageDraw

from charts import LEVELS, LevelStyle

SIZE, FINER = 48, 8
HATCH_WIDTH, HATCH_HEIGHT = 104, 40


def shape_png(level: LevelStyle, colour: str) -> bytes:
    """One shape in one colour on nothing, drawn eight times as large and made smaller for smooth edges."""
    mask = Image.new("L", (SIZE * FINER, SIZE * FINER))
    draw = ImageDraw.Draw(mask)
    unit = SIZE * FINER / 16

    def polygon(points: list[tuple[float, float]], fill: int = 255) -> None:
        draw.polygon([(x * unit, y * unit) for x, y in points], fill=fill)

    if level.id == "low":
        draw.ellipse([2.4 * unit, 2.4 * unit, 13.6 * unit, 13.6 * unit], fill=255)
    elif level.id == "moderate":
        polygon([(8, 1.2), (14.8, 8), (8, 14.8), (1.2, 8)])
    elif level.id == "high":
        polygon([(8, 1.4), (15.2, 14.4), (0.8, 14.4)])
    else:
        polygon([(5, 0.8), (11, 0.8), (15.2, 5), (15.2, 11), (11, 15.2), (5, 15.2), (0.8, 11), (0.8, 5)])
        polygon([(7, 3.6), (9, 3.6), (9, 9.2), (7, 9.2)], 0)
        polygon([(7, 10.6), (9, 10.6), (9, 12.6), (7, 12.6)], 0)
    return _png(mask.resize((SIZE, SIZE), Image.Resampling.BOX), colour)


def hatch_png(colour: str = "#c6cdd6") -> bytes:
    """Diagonal lines, for cells where no level may be named."""
    mask = Image.new("L", (HATCH_WIDTH * 4, HATCH_HEIGHT * 4))
    draw = ImageDraw.Draw(mask)
    for x in range(-HATCH_HEIGHT * 4, HATCH_WIDTH * 4, 56):
        draw.line([(x, HATCH_HEIGHT * 4), (x + HATCH_HEIGHT * 4, 0)], fill=255, width=9)
    return _png(mask.resize((HATCH_WIDTH, HATCH_HEIGHT), Image.Resampling.BOX), colour)


def _png(mask: Image.Image, colour: str) -> bytes:
    picture = Image.new("RGBA", mask.size, (*ImageColor.getrgb(colour), 0))
    picture.putalpha(mask)
    out = io.BytesIO()
    picture.quantize(32, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()


def address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def rules() -> list[str]:
    """The rules of the style sheet that hold pictures: words and cells with a shape, and cells without a level."""
    lines = [
        f".heat .m{level.number}, .front .m{level.number} {{ color: {level.light.mark}; background-image: "
        f'url("{address(shape_png(level, level.light.mark))}") }}'
        for level in LEVELS
    ]
    lines += [
        f".heat .k{level.number} {{ background-color: {level.light.fill}; color: {level.light.text}; background-image: "
        f'url("{address(shape_png(level, level.light.text))}") }}'
        for level in LEVELS
    ]
    return [*lines, f'.heat .k0, .key .no {{ background-image: url("{address(hatch_png())}") }}']


if __name__ == "__main__":
    print("\n".join(rules()))  # noqa: T201

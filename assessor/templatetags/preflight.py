"""The words and marks that every page shares: levels, numbers, dates, icons."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from assessor.icons import ICONS
from charts.levels import LEVEL_BY_ID, level_of, shown, whole
from charts.shapes import level_shape

register = template.Library()

DASH = "–"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A 16-pixel mark beside words. It is hidden from screen readers: the words say it."""
    path = ICONS[name]
    return format_html(
        '<svg class="ic" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">'
        '<path fill-rule="evenodd" d="{}"/></svg>',
        path,
    )


@register.simple_tag
def level(level_id: str | None, word: str = "", chip: bool = False) -> SafeString:
    """A level as shape, word and colour."""
    if not level_id:
        return format_html('<span class="lv lv0{}">{}</span>', " chip" if chip else "", word or "No level yet")
    style = LEVEL_BY_ID[level_id]
    return format_html(
        '<span class="lv lv{}{}">{}{}</span>',
        style.number,
        " chip" if chip else "",
        level_shape(style),
        word or style.word,
    )


@register.simple_tag
def level_at(index: float | None, word: str = "", chip: bool = False) -> SafeString:
    return level(level_of(index).id if index is not None else None, word, chip)


@register.simple_tag
def shape(level_id: str) -> SafeString:
    """The shape of a level alone, where its word stands beside it."""
    return format_html("{}", level_shape(LEVEL_BY_ID[level_id]))


@register.filter
def one(index: float | None) -> str:
    """A risk with one decimal, a dash for none."""
    return DASH if index is None else shown(index)


@register.filter
def cut(index: float | None) -> str:
    """A risk as a whole number, cut and not rounded, so that number and level agree."""
    return DASH if index is None else whole(index)


@register.filter
def day(value: date | datetime | None) -> str:
    """22 Nov 2026, in UTC."""
    if value is None:
        return DASH
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return f"{value.day} {value:%b %Y}"


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """22 Nov 2026, 10:42 UTC, as a time element."""
    if value is None:
        return DASH
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), full_moment(value))


def full_moment(value: datetime) -> str:
    value = value.astimezone(UTC)
    return f"{value.day} {value:%b %Y, %H:%M} UTC"


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """The age in one unit, with the full date in the element's title."""
    if value is None:
        return DASH
    seconds = max((timezone.now() - value).total_seconds(), 0)
    words = next((f"{int(seconds // size)} {unit} ago" for size, unit in AGES if seconds >= size), "just now")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full_moment(value), words)


AGES = ((86400, "d"), (3600, "h"), (60, "min"))


@register.filter
def plural(count: int, forms: str) -> str:
    """`{{ n|plural:"question,questions" }}`: the number and the word that fits."""
    singular, many = forms.split(",")
    return f"{count:,} {singular if count == 1 else many}"


@register.filter
def get(mapping: dict[str, str], key: str) -> str:
    return mapping[key]


@register.filter
def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


@register.filter
def anchor(question_id: str) -> str:
    """The id of a question's element on its page."""
    return question_id.replace(".", "-")


@register.filter
def share(value: float) -> str:
    """A published share, 0 to 1, as the articles print it."""
    return f"{value:.0%}"

"""One rule for every text that people type: what is legal is stored as it is, what is not is refused with a reason."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

EMAIL_LIMIT = 254


class TextRefused(ValueError):
    """The sentence names the field and the limit."""


def clean_text(value: str, *, field: str, limit: int, required: bool = False, lines: bool = False) -> str:
    """The text without surrounding white space and with Unix line ends.

    Raises TextRefused for NUL, lone surrogates, control characters (other than tab, and line breaks where `lines`),
    more than `limit` characters, or nothing where something is `required`.
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if required and not text:
        raise TextRefused(f"{field}: please fill this in.")
    if len(text) > limit:
        raise TextRefused(f"{field}: at most {limit:,} characters, this has {len(text):,}.")
    for character in text:
        if character == "\t" or (character == "\n" and lines):
            continue
        if unicodedata.category(character) in {"Cc", "Cs"}:
            what = "a line break" if character == "\n" else f"the control character U+{ord(character):04X}"
            raise TextRefused(f"{field}: {what} cannot be stored here.")
    return text


def clean_email(value: str, *, field: str = "E-mail") -> str:
    """The address in small letters. Raises TextRefused for what is not one plain address.

    Letters outside ASCII are refused: some of them become ASCII letters when made small, so that two addresses that
    look different to the mail server would be one account here.
    """
    address = clean_text(value, field=field, limit=EMAIL_LIMIT, required=True)
    try:
        validate_email(address)
    except ValidationError as error:
        raise TextRefused(f"{field}: please give an address such as name@example.com.") from error
    if not address.isascii():
        raise TextRefused(f"{field}: only plain letters (a to z), digits and signs can be used in an address.")
    return address.lower()

"""Typed readers of environment variables. Each says in one sentence what is wrong with a value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def names(name: str) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()]


def secret_key(name: str, *, debug: bool) -> str:
    """The signing key. Outside debug it must be long and not guessable, or the site does not start."""
    value = text(name)
    if not value and debug:
        return "debug-only-" + "0123456789abcdef" * 4
    if not value:
        make = "python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        raise ImproperlyConfigured(f"{name} is missing. Make one with: {make}")
    if len(value) < 50 or len(set(value)) < 10 or value.startswith(("debug-only-", "django-insecure-", "change-me")):
        raise ImproperlyConfigured(f"{name} must be at least 50 random characters and not an example value.")
    return value


def hosts(name: str, *, debug: bool) -> list[str]:
    value = names(name)
    if not value and debug:
        return ["localhost", "127.0.0.1", "[::1]"]
    if not value or "*" in value:
        raise ImproperlyConfigured(f"{name} must list the host names this site answers to, separated by commas.")
    return value


def database(name: str, *, data_dir: Path) -> dict[str, Any]:
    """SQLite in the data directory, or what a postgres:// address names.

    SQLite: WAL, immediate transactions that queue on a lock, and synchronous FULL, so that a committed answer survives
    a power cut.
    """
    address = text(name)
    if not address:
        return {
            "ENGINE": "assessor.database.sqlite",
            "NAME": data_dir / "preflight.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "; ".join(
                    f"PRAGMA {pragma}"
                    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
                ),
            },
        }
    parts = urlsplit(address)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/name.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
            **options,
        },
    }


def mail(name: str) -> dict[str, Any]:
    """Settings for smtp://user:password@host:587 or smtps://; without an address mails are printed on the console."""
    address = text(name)
    if not address:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(address)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must look like smtp://user:password@host:587 or smtps://user:password@host:465."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
        "EMAIL_TIMEOUT": 10,
    }

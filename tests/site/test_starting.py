"""The site does not start with settings that would be dangerous, and says why in one sentence."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.commands import ROOT, environment

KEY = secrets.token_urlsafe(64)


def check(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs manage.py check in a process of its own."""
    wanted = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "preflight.example.org", "DATA_DIR": str(tmp_path), **variables}
    env = environment(**wanted)
    # Browser tests set this for their own process, and may have run in the same one.
    env.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    for name in [name for name, value in env.items() if value == "(unset)"]:
        del env[name]
    command = [sys.executable, str(ROOT / "manage.py"), "check", *arguments]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SECRET_KEY": "(unset)"}, "SECRET_KEY is missing."),
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing."),
        ({"SECRET_KEY": "short-" + KEY[:30]}, "SECRET_KEY must be at least 50 random characters"),
        ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY must be at least 50 random characters"),
        ({"SECRET_KEY": "change-me-" + KEY}, "not an example value"),
        ({"SECRET_KEY": "django-insecure-" + KEY}, "not an example value"),
        ({"SECRET_KEY": "debug-only-" + KEY}, "not an example value"),
        ({"ALLOWED_HOSTS": "(unset)"}, "ALLOWED_HOSTS must list the host names"),
        ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS must list the host names"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must list the host names"),
        ({"ALLOWED_HOSTS": "preflight.example.org,*"}, "ALLOWED_HOSTS must list the host names"),
        ({"DEBUG": "perhaps"}, "DEBUG must be 1 or 0"),
        ({"HTTPS": "maybe"}, "HTTPS must be 1 or 0"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must look like postgres://"),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL must look like smtp://"),
        ({"SHARE_LINK_DAYS": "soon"}, "SHARE_LINK_DAYS must be a whole number"),
    ],
)
def test_refused(tmp_path: Path, variables: dict[str, str], words: str) -> None:
    done = check(tmp_path, **variables)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert words in last
    assert last.endswith((".", "'", "))'"))
    assert KEY not in done.stderr + done.stdout


def test_a_production_environment_has_no_warnings(tmp_path: Path) -> None:
    done = check(tmp_path, "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_without_https_it_warns(tmp_path: Path) -> None:
    """The control: the check above would notice."""
    assert check(tmp_path, "--deploy", "--fail-level", "WARNING", HTTPS="0").returncode == 1


def test_debugging_needs_nothing(tmp_path: Path) -> None:
    assert check(tmp_path, SECRET_KEY="(unset)", ALLOWED_HOSTS="(unset)", DEBUG="1").returncode == 0

"""The commands of docs/api.md, run as they are printed, against a site that was just set up."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.infrastructure.commands import ROOT, end, fetch, manage, production
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.servers

MAKE_TOKEN = """
from django.utils import timezone
from accounts.services import make_setup_token, set_up_organisation
from accounts.tokens import make_token
at = timezone.now()
owner = set_up_organisation(
    token=make_setup_token(), organisation_name="Empty", name="Owner", email="owner@example.org",
    password="a quiet long password", at=at,
)
scopes = ["admin", "write_answers", "reports"]
print(make_token(membership=owner, name="curl", scopes=scopes, days=1, by=owner.user, at=at).secret)
"""


def commands() -> str:
    """The commands of the section on the main job, without the two that set the place and the token."""
    section = (ROOT / "docs/api.md").read_text().partition("## The main job")[2].partition("\n## ")[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 8
    assert blocks[0].startswith("export PREFLIGHT=")
    return "set -euo pipefail\n" + "".join(blocks[1:])


@contextmanager
def running(env: dict[str, str]) -> Iterator[int]:
    port = free_port()
    process = manage("serve", "--host", "127.0.0.1", "--port", str(port), env=env)
    try:
        wait_until(lambda: fetch(port, "/readyz")[0] == 200, "the site is ready", 60)
        yield port
    finally:
        end(process)


def test_from_an_empty_organisation_to_a_pdf(tmp_path: Path) -> None:
    env = production(tmp_path / "data")
    for arguments in (("safe_migrate", "--verbosity", "0"), ("collectstatic", "--noinput", "--verbosity", "0")):
        prepared = manage(*arguments, env=env | {"STATIC_ROOT": str(tmp_path / "static")})
        assert prepared.wait(120) == 0, prepared.communicate()
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", MAKE_TOKEN],
        cwd=ROOT, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    secret = made.stdout.split()[-1]
    with running(env | {"STATIC_ROOT": str(tmp_path / "static")}) as port:
        script = env | {"PREFLIGHT": f"http://127.0.0.1:{port}", "TOKEN": secret}
        done = subprocess.run(
            ["bash", "-c", commands()],
            cwd=tmp_path,
            env=script,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        headers = (f"Authorization: Bearer {secret}", "Transfer-Encoding: chunked", "Content-Type: application/json")
        chunked = subprocess.run(
            ["curl", "--silent", "-d", "{}", *(part for header in headers for part in ("-H", header)),
             f"http://127.0.0.1:{port}/api/v1/projects"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
    assert '"status":411' in chunked.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"revision": 1' in done.stdout
    assert "final moderate" in done.stdout
    assert done.stdout.endswith("%PDF-")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000

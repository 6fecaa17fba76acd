"""The site's own settings, with what a test run needs around them."""

import os
import secrets
import tempfile

for name, value in {
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "HTTPS": "0",
    "DEBUG": "0",
}.items():
    os.environ.setdefault(name, value)
if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="preflight-tests-")

# Each parallel worker counts tries and wakes workers in a Redis database of its own.
worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker and os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(worker.removeprefix('gw')) + 1}"

from assessor.settings import *  # noqa: E402, F403
from assessor.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

# A file, not memory: threads of the live server and other processes must see the same database.
if DATABASES["default"]["ENGINE"] == "assessor.database.sqlite":
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
# Pages name their files without the hash of a collected copy, which tests do not make.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Argon2 is slow on purpose. Tests sign in hundreds of times; one test checks the real hasher.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# Tests ask more in a minute than a person; one test sets a limit of its own.
API_REQUESTS_A_MINUTE = 1_000_000

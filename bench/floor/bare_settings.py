"""The floor's settings on the site's own database: no middleware, no session."""

from assessor import env
from bench.floor.settings import *  # noqa: F403
from bench.floor.settings import Path

ROOT_URLCONF = "bench.floor.page"
DATABASES = {"default": env.database("DATABASE_URL", data_dir=Path(env.text("DATA_DIR")))}

"""No middleware, no sessions, no templates: what is left is Django, the server and the database."""

from pathlib import Path

from assessor import env

SECRET_KEY = env.secret_key("SECRET_KEY", debug=False)
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "bench.floor.urls"
MIDDLEWARE: list[str] = []
INSTALLED_APPS = ["bench.floor"]
DATABASES = {"default": env.database("FLOOR_DATABASE_URL", data_dir=Path(env.text("DATA_DIR")) / "floor")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

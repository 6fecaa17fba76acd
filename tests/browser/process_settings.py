"""Settings of the processes that a browser test starts: the production site on the test's own database."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
WHITENOISE_USE_FINDERS = True

"""The site's own settings with the bare page beside its pages: middleware, session and sign-in around it."""

from assessor.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor.inside_urls"

"""The worker without its reconciler, to see what the reconciler is for."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assessor.settings")
django.setup()

from celery.signals import worker_ready  # noqa: E402

from assessor.celery import app  # noqa: E402
from reports.tasks import start_reconciler  # noqa: E402

worker_ready.disconnect(start_reconciler)
__all__ = ["app"]

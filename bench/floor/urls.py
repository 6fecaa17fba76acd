from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.floor.models import Row


def say(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def upsert(request: HttpRequest) -> HttpResponse:
    posted = request.POST
    row = Row(client=posted["client"], question=posted["question"], level=posted["choice"], note=posted["note"])
    with transaction.atomic():
        Row.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["client", "question"], update_fields=["level", "note"]
        )
    return HttpResponse("saved")


urlpatterns = [path("say/", say), path("upsert/", upsert)]

"""Stands in for the site's addresses while they are being written."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest, *args: str) -> HttpResponse:
    return HttpResponse("a page")


urlpatterns = [
    path("", page, name="home"),
    path("method/", page, name="method"),
    path("projects/", include(([path("", page, name="list")], "projects"))),
    path("reports/", include(([path("", page, name="all")], "reports"))),
    path("library/<str:a>/<str:b>/", include(([path("", page, name="checklist")], "library"))),
    path("", include("accounts.urls")),
    path("accounts/", include("accounts.allauth_urls")),
]
handler400 = "assessor.views.bad_request"
handler403 = "assessor.views.permission_denied"
handler404 = "assessor.views.not_found"
handler500 = "assessor.views.server_error"

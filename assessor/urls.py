from django.urls import include, path

from assessor import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.is_alive, name="healthz"),
    path("readyz", views.is_ready, name="readyz"),
    path("method/", views.method, name="method"),
    path("organisation/demo/", views.demo_data, name="demo_data"),
    path("accounts/", include("accounts.allauth_urls")),
    path("", include("accounts.urls")),
    path("", include("transfers.urls")),
    path("", include("projects.urls")),
    path("", include("assessments.urls")),
    path("", include("assessments.library_urls")),
    path("api/", include("api.urls")),
    path("portfolio/", include("portfolio.urls")),
    path("", include("reports.urls")),
]

handler400 = "assessor.views.bad_request"
handler403 = "assessor.views.permission_denied"
handler404 = "assessor.views.not_found"
handler500 = "assessor.views.server_error"

from django.urls import path

from transfers import views

app_name = "transfers"
urlpatterns = [
    path("projects/import/", views.import_file, name="import"),
    path("projects/<slug:slug>/export.json", views.export_file, name="export"),
    path("organisation/export/", views.export_organisation, name="export_organisation"),
]

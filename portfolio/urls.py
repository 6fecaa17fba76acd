from django.urls import include, path

from portfolio.views import dashboard, drivers, export, units

app_name = "portfolio"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("explore/", include("portfolio.explore_urls")),
    path("drivers/", drivers.drivers, name="drivers"),
    path("units/", units.units, name="units"),
    path("units/rename/", units.rename, name="rename_unit"),
    path("projects.csv", export.as_csv, name="csv"),
    path("projects.xlsx", export.as_xlsx, name="xlsx"),
]

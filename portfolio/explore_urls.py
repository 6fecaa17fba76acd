"""Included by portfolio.urls, so the names are `portfolio:explore` and `portfolio:explore_data`."""

from django.urls import path

from portfolio.views import explore

urlpatterns = [
    path("", explore.explore, name="explore"),
    path("data.csv", explore.explore_data, name="explore_data"),
]

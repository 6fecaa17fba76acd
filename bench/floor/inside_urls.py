from django.urls import path

from assessor import urls
from assessor.urls import handler400, handler403, handler404, handler500
from bench.floor.page import page

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
urlpatterns = [path("page/", page), *urls.urlpatterns]

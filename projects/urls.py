from django.urls import path

from projects import views

app_name = "projects"
urlpatterns = [
    path("projects/", views.project_list, name="list"),
    path("projects/<slug:slug>/archive/", views.archive, name="archive"),
    path("projects/<slug:slug>/people/", views.people, name="people"),
]

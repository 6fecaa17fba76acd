from django.urls import path

from projects.views.list import archive, project_list
from projects.views.people import people
from projects.views.units import member_units

app_name = "projects"
urlpatterns = [
    path("projects/", project_list, name="list"),
    path("projects/<slug:slug>/archive/", archive, name="archive"),
    path("projects/<slug:slug>/people/", people, name="people"),
    path("organisation/members/<int:membership_id>/units/", member_units, name="member_units"),
]

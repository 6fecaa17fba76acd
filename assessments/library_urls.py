from django.urls import path

from assessments.views import library

app_name = "library"
urlpatterns = [
    path("checklists/<slug:checklist_id>/<str:version>/", library.checklist, name="checklist"),
    path("checklists/<slug:checklist_id>/<str:version>/<str:question>/", library.question, name="question"),
]

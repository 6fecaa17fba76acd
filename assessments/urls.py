from django.urls import path

from assessments.views import answers, overview, project, questionnaire, results, sheets, snapshots

app_name = "assessments"
urlpatterns = [
    path("projects/new/", project.create, name="create"),
    path("projects/<slug:slug>/", overview.overview, name="overview"),
    path("projects/<slug:slug>/settings/", project.edit, name="edit"),
    path("projects/<slug:slug>/start/", project.start, name="start"),
    path("projects/<slug:slug>/checklist/", questionnaire.resume, name="resume"),
    path("projects/<slug:slug>/checklist/<slug:dimension>/", questionnaire.dimension, name="dimension"),
    path("projects/<slug:slug>/answers/", answers.check, name="check"),
    path("projects/<slug:slug>/answers.csv", sheets.as_csv, name="answers_csv"),
    path("projects/<slug:slug>/answers.xlsx", sheets.as_xlsx, name="answers_xlsx"),
    path("projects/<slug:slug>/import/", sheets.import_answers, name="import_answers"),
    path("projects/<slug:slug>/import/apply/", sheets.apply_import, name="apply_import"),
    path("projects/<slug:slug>/answers/<str:question>/", answers.save, name="save"),
    path("projects/<slug:slug>/history/", answers.history, name="history"),
    path("projects/<slug:slug>/results/", results.live, name="results"),
    path("projects/<slug:slug>/snapshots/", snapshots.snapshot_list, name="snapshots"),
    path("projects/<slug:slug>/snapshots/<slug:public_id>/", snapshots.detail, name="snapshot"),
]

from typing import Any

from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from api import pages_of_docs
from api.v1 import (
    activity,
    answers,
    assessments,
    checklists,
    organisations,
    outcomes,
    portfolio,
    projects,
    proposals,
    reports,
    results,
    share_links,
    snapshots,
    transfers,
)


class Number(SlugConverter):
    """A whole number that every database can hold."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> Any:
        return int(value)


class Run(SlugConverter):
    """The number of a run, or the word for the newest one."""

    regex = "latest|[0-9]{1,18}"


register_converter(Number, "number")
register_converter(Run, "run")

app_name = "api"
ORGANISATION = "v1/organisations/<number:organisation_id>"
PROJECT = "v1/projects/<slug:slug>"
RUN = f"{PROJECT}/assessments/<run:run>"
urlpatterns = [
    path("docs/", pages_of_docs.reference, name="docs"),
    path("v1/openapi.json", pages_of_docs.openapi, name="openapi"),
    path("v1/projects", projects.Projects.as_view(), name="projects"),
    path(PROJECT, projects.OneProject.as_view(), name="project"),
    path(f"{PROJECT}/archive", projects.Archive.as_view(), name="archive"),
    path(f"{PROJECT}/restore", projects.Restore.as_view(), name="restore"),
    path(f"{PROJECT}/assessments", assessments.Assessments.as_view(), name="assessments"),
    path(RUN, assessments.OneAssessment.as_view(), name="assessment"),
    path(f"{RUN}/answers", answers.Answers.as_view(), name="answers"),
    path(f"{RUN}/answers/<str:question>", answers.OneAnswer.as_view(), name="answer"),
    path(f"{RUN}/changes", answers.Changes.as_view(), name="changes"),
    path(f"{RUN}/proposals", proposals.Proposals.as_view(), name="proposals"),
    path(f"{PROJECT}/proposals/<number:number>", proposals.OneProposal.as_view(), name="proposal"),
    path(f"{RUN}/result", results.Result.as_view(), name="result"),
    path(f"{PROJECT}/snapshots", snapshots.Snapshots.as_view(), name="snapshots"),
    path(f"{PROJECT}/snapshots/<slug:public_id>", snapshots.OneSnapshot.as_view(), name="snapshot"),
    path(f"{PROJECT}/reports", reports.Reports.as_view(), name="reports"),
    path(f"{PROJECT}/reports/<slug:public_id>", reports.OneReport.as_view(), name="report"),
    path(f"{PROJECT}/reports/<slug:public_id>/file", reports.ReportFile.as_view(), name="report_file"),
    path(f"{PROJECT}/share-links", share_links.ShareLinks.as_view(), name="share_links"),
    path(f"{PROJECT}/share-links/<slug:public_id>", share_links.OneShareLink.as_view(), name="share_link"),
    path("v1/portfolio", portfolio.Portfolio.as_view(), name="portfolio"),
    path("v1/outcomes", outcomes.Outcomes.as_view(), name="outcomes"),
    path(f"{PROJECT}/outcome", outcomes.OneOutcome.as_view(), name="outcome"),
    path("v1/checklists", checklists.Checklists.as_view(), name="checklists"),
    path("v1/checklists/<slug:checklist_id>/<str:version>", checklists.OneChecklist.as_view(), name="checklist"),
    path("v1/organisations", organisations.Organisations.as_view(), name="organisations"),
    path(ORGANISATION, organisations.Organisation.as_view(), name="organisation"),
    path(f"{ORGANISATION}/members", organisations.Members.as_view(), name="members"),
    path("v1/activity", activity.Activity.as_view(), name="activity"),
    path(f"{PROJECT}/export", transfers.ExportProject.as_view(), name="export_project"),
    path("v1/imports", transfers.ImportProject.as_view(), name="import_project"),
    path(f"{ORGANISATION}/export", transfers.ExportOrganisation.as_view(), name="export_organisation"),
]

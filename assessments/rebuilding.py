"""Making the figures of projects anew, as after an upgrade from a version that did not keep them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from assessments.evaluation import evaluate_assessment
from assessments.figures import keep_figures, refresh_figures
from assessments.models import Assessment, Snapshot
from assessments.snapshots import columns_of_body, read_body
from projects.models import Project, ProjectFigures
from projects.services import start_figures


def projects_without_figures() -> list[int]:
    """The ids of projects that lack their row of now or that of a snapshot."""
    mine = ProjectFigures.objects.filter(project=OuterRef("pk"))
    unkept = Snapshot.objects.filter(project=OuterRef("pk"), figures=None)
    missing = Project.objects.filter(~Exists(mine.filter(is_current=True)) | Exists(unkept))
    return list(missing.order_by("id").values_list("pk", flat=True))


@transaction.atomic
def rebuild_figures(project_id: int) -> None:
    """Makes all rows of one project anew from its answers and its snapshots."""
    project = Project.objects.select_for_update(of=("self",)).get(pk=project_id)
    ProjectFigures.objects.filter(project=project).delete()
    start_figures(project)
    assessment = Assessment.objects.filter(project=project, is_latest=True).first()
    if assessment is not None:
        assessment.project = project
        refresh_figures(assessment, evaluate_assessment(assessment))
    for snapshot in Snapshot.objects.filter(project=project).select_related("assessment").order_by("number"):
        snapshot.project = project
        body = read_body(snapshot)
        keep_figures(snapshot, columns_of_body(body, snapshot.assessment.checklist), stage=body["stage"])

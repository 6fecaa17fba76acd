"""The form that describes a project."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from accounts.models import NAME_LIMIT, Organisation, User
from accounts.texts import TextRefused, clean_text
from checklists.schema import Checklist
from projects.models import (
    GOAL_LIMIT,
    NO_UNIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    UNIT_LIMIT,
    Project,
    ProjectQuerySet,
    Stage,
)
from projects.services import ProjectDetails
from projects.units import spelled_unit, units_of

VALUE_LIMIT = 1_000_000_000


class ProjectForm(forms.Form):
    """Every error names its field. Choices of facts and owners are those of the checklist and the organisation.

    Units are offered and spelled as on `projects`, those that the acting person sees.
    """

    name = forms.CharField(label="Name", max_length=NAME_LIMIT, strip=False)
    goal = forms.CharField(label="Goal in one sentence", max_length=GOAL_LIMIT, strip=False)
    stage = forms.ChoiceField(label="Which stage does it want to enter?", choices=Stage.choices)
    facts = forms.MultipleChoiceField(label="What is true of it?", required=False)
    owner = forms.ModelChoiceField(
        label="Owner", queryset=User.objects.none(), required=False, empty_label="Not assigned"
    )
    unit = forms.CharField(label="Business unit", max_length=UNIT_LIMIT, required=False, strip=False)
    tags = forms.CharField(label="Tags", max_length=TAGS_LIMIT * (TAG_LIMIT + 2), required=False, strip=False)
    planned_date = forms.DateField(label="Planned date of this stage", required=False)
    planned_value = forms.IntegerField(
        label="Planned value a year, in thousands", min_value=0, max_value=VALUE_LIMIT, required=False
    )

    def __init__(
        self,
        *args: Any,
        checklist: Checklist,
        projects: ProjectQuerySet,
        organisation: Organisation,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        facts = cast("forms.MultipleChoiceField", self.fields["facts"])
        facts.choices = [(fact.id, fact.text) for fact in checklist.facts]
        self.projects = projects
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owner.queryset = User.objects.filter(memberships__organisation=organisation, is_active=True).order_by(
            "name", "id"
        )

    def _text(self, name: str, limit: int, *, required: bool = False) -> str:
        label = str(self.fields[name].label)
        try:
            return clean_text(self.cleaned_data[name], field=label, limit=limit, required=required)
        except TextRefused as error:
            raise forms.ValidationError(str(error)) from error

    def clean_name(self) -> str:
        return self._text("name", NAME_LIMIT, required=True)

    def clean_goal(self) -> str:
        return self._text("goal", GOAL_LIMIT, required=True)

    def clean_unit(self) -> str:
        """As it is spelled on other projects already, so that "retail" does not stand beside "Retail"."""
        return spelled_unit(self.projects, self._unit())

    def units(self) -> list[str]:
        """The names to choose from; a new one may be written."""
        return units_of(self.projects)

    def _unit(self) -> str:
        unit = self._text("unit", UNIT_LIMIT)
        if unit == NO_UNIT:
            raise forms.ValidationError(f"“{NO_UNIT}” stands for no unit. Leave the field empty.")
        return unit

    def clean_tags(self) -> list[str]:
        tags = [" ".join(part.split()) for part in self._text("tags", TAGS_LIMIT * (TAG_LIMIT + 2)).split(",")]
        tags = list(dict.fromkeys(tag for tag in tags if tag))
        if len(tags) > TAGS_LIMIT:
            raise forms.ValidationError(f"Tags: at most {TAGS_LIMIT}, these are {len(tags)}.")
        if any(len(tag) > TAG_LIMIT for tag in tags):
            raise forms.ValidationError(f"Tags: at most {TAG_LIMIT} characters each.")
        return tags

    def details(self) -> ProjectDetails:
        data = self.cleaned_data
        return ProjectDetails(
            name=data["name"],
            goal=data["goal"],
            stage=data["stage"],
            facts=data["facts"],
            owner=data["owner"],
            unit=data["unit"],
            tags=data["tags"],
            planned_date=data["planned_date"],
            planned_value=data["planned_value"],
        )


def initial_of(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "goal": project.goal,
        "stage": project.stage,
        "facts": project.facts,
        "owner": project.owner_id,
        "unit": project.unit,
        "tags": ", ".join(project.tags),
        "planned_date": project.planned_date.isoformat() if project.planned_date else "",
        "planned_value": "" if project.planned_value is None else project.planned_value,
    }

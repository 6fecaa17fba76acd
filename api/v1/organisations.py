"""Organisations and their members. They are changed on the pages alone."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership
from accounts.roles import ROLE_MEANS, Permission, Role
from api.access import acting_of, organisation_with
from api.operations import PORTION, Endpoint, list_of, operation
from api.pages import portion_of


class OrganisationShape(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="The number of the organisation, as it stands in addresses.")
    name = serializers.CharField(help_text="What the organisation is called.")
    created_at = serializers.DateTimeField(help_text="When it was made, in UTC.")
    role = serializers.ChoiceField(Role.values, help_text=" ".join(f"{r}: {ROLE_MEANS[r]}" for r in Role.values))
    sees_everything = serializers.BooleanField(help_text="Whether no project of the organisation is hidden from you.")


class MemberShape(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="The person's number in this installation.")
    name = serializers.CharField(help_text="As the person is shown on the pages.")
    email = serializers.EmailField(help_text="The person's e-mail address.")
    role = serializers.ChoiceField(Role.values, help_text="What the person may do in the organisation.")
    all_projects = serializers.BooleanField(help_text="False: sees only projects and units with a grant.")
    is_active = serializers.BooleanField(help_text="False: cannot sign in.")
    last_seen_at = serializers.DateTimeField(
        allow_null=True, help_text="When the person last signed in, in UTC. Null before the first time."
    )


def organisation(membership: Membership) -> dict[str, Any]:
    return {
        "id": membership.organisation_id,
        "name": membership.organisation.name,
        "created_at": membership.organisation.created_at,
        "role": membership.role,
        "sees_everything": membership.sees_everything,
    }


def member(membership: Membership) -> dict[str, Any]:
    user = membership.user
    return {
        "id": user.pk,
        "name": user.name,
        "email": user.email,
        "role": membership.role,
        "all_projects": membership.all_projects,
        "is_active": user.is_active,
        "last_seen_at": user.last_login,
    }


class Organisations(Endpoint):
    @operation("list_organisations", "Your organisations", returns=list_of(OrganisationShape), query=PORTION)
    def get(self, request: Request) -> Response:
        """Those you are a member of; with a token the one that it belongs to."""
        acting = acting_of(request)
        mine = Membership.objects.filter(user=acting.user).select_related("organisation").order_by("id")
        if acting.token is not None:
            mine = mine.filter(pk=acting.membership.pk)
        portion = portion_of(request, mine, organisation)
        return Response(list_of(OrganisationShape)(portion).data)


class Organisation(Endpoint):
    @operation("read_organisation", "One organisation", needs=Permission.VIEW_PROJECT, returns=OrganisationShape)
    def get(self, request: Request, organisation_id: int) -> Response:
        acting = organisation_with(request, organisation_id, Permission.VIEW_PROJECT)
        return Response(OrganisationShape(organisation(acting.membership)).data)


class Members(Endpoint):
    @operation(
        "list_members",
        "Members of an organisation",
        needs=Permission.MANAGE_ORGANISATION,
        returns=list_of(MemberShape),
        query=PORTION,
    )
    def get(self, request: Request, organisation_id: int) -> Response:
        acting = organisation_with(request, organisation_id, Permission.MANAGE_ORGANISATION)
        members = acting.organisation.memberships.select_related("user").order_by("id")
        return Response(list_of(MemberShape)(portion_of(request, members, member)).data)

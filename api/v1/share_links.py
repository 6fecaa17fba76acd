"""Links to frozen results for people without an account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.links import absolute_url
from accounts.roles import Permission
from api.access import acting_of, project_of
from api.fields import Body, Flag, Text, Whole
from api.operations import PORTION, Endpoint, list_of, operation, read_body
from api.pages import portion_of
from api.shapes import PersonShape, person
from api.v1.reports import snapshot_named
from projects.models import Project
from reports.models import LABEL_LIMIT, ShareLink
from reports.services import PASSPHRASE_LIMIT, ReportContent, ShareTerms, create_share_link, revoke_share_link


class ShareLinkShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="What stands in the address of this entry. It does not open the link.")
    snapshot = serializers.CharField(help_text="The id of the snapshot that it shows.")
    label = serializers.CharField(help_text="For whom it is.")  # type: ignore[assignment]
    names = serializers.BooleanField(help_text="Whether it shows the names of people.")
    notes = serializers.BooleanField(help_text="Whether it shows notes.")
    evidence = serializers.BooleanField(help_text="Whether it shows links to evidence.")
    with_pdf = serializers.BooleanField(help_text="Whether it offers the PDF too.")
    has_passphrase = serializers.BooleanField(help_text="Whether it asks for a passphrase.")
    created_at = serializers.DateTimeField(help_text="When it was made, in UTC.")
    created_by = PersonShape(allow_null=True, help_text="Who made it. Null where that is not known.")
    expires_at = serializers.DateTimeField(help_text="From when on it opens nothing, in UTC.")
    revoked_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was revoked, in UTC. Null while it is not."
    )
    is_active = serializers.BooleanField(help_text="Whether it opens something now.")
    views = serializers.IntegerField(help_text="How often it was opened.")
    viewed_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was last opened, in UTC. Null while it was not."
    )


class MadeShareLinkShape(ShareLinkShape):
    address = serializers.CharField(
        required=False, help_text="The link itself. It is given this once and stored nowhere; a replay lacks it."
    )


class ShareLinkBody(Body):
    snapshot = Text(say="Snapshot", limit=16, help_text="The id of a snapshot of the project.")
    label = Text(say="For whom", limit=LABEL_LIMIT, help_text="For whom it is.")  # type: ignore[assignment]
    days = Whole(
        default=settings.SHARE_LINK_DAYS,
        min_value=1,
        max_value=settings.SHARE_LINK_MAX_DAYS,
        help_text="How many days it opens something.",
    )
    names = Flag(default=False, help_text="Whether it shows the names of people.")
    notes = Flag(default=False, help_text="Needs a passphrase.")
    evidence = Flag(default=False, help_text="Whether it shows links to evidence.")
    with_pdf = Flag(default=True, help_text="Whether it offers the PDF too.")
    passphrase = Text(
        say="Passphrase", limit=PASSPHRASE_LIMIT, required=False, help_text="At least 10 characters. Empty for none."
    )


def link_values(row: ShareLink) -> dict[str, Any]:
    plain = ("label", "names", "notes", "evidence", "created_at", "expires_at", "revoked_at", "views", "viewed_at")
    return {
        **{name: getattr(row, name) for name in plain},
        "id": row.public_id,
        "snapshot": row.frozen.public_id,
        "with_pdf": row.report_id is not None,
        "has_passphrase": bool(row.passphrase),
        "created_by": person(row.created_by),
        "is_active": row.is_active(at=timezone.now()),
    }


def links_of(project: Project) -> Any:
    links = ShareLink.objects.filter(snapshot__project=project)
    return links.select_related("snapshot__project__organisation", "created_by").defer("snapshot__body")


def find_link(project: Project, public_id: str) -> ShareLink:
    row: ShareLink | None = links_of(project).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


class ShareLinks(Endpoint):
    @operation(
        "list_share_links", "Share links", needs=Permission.SHARE, returns=list_of(ShareLinkShape), query=PORTION
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first. None shows its address again."""
        project = project_of(request, slug, Permission.SHARE)
        portion = portion_of(
            request, links_of(project).order_by("-id"), lambda row: dict(ShareLinkShape(link_values(row)).data)
        )
        return Response({"items": portion.items, "next": portion.next})

    @operation(
        "make_share_link", "Make a share link", needs=Permission.SHARE, takes=ShareLinkBody,
        returns=MadeShareLinkShape, status=201,
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        project = project_of(request, slug, Permission.SHARE)
        values = read_body(request, ShareLinkBody)
        content = ReportContent(**{name: values.pop(name) for name in ("names", "notes", "evidence")})
        snapshot = snapshot_named(project, values.pop("snapshot"))
        terms = ShareTerms(content=content, **values)
        made, token = create_share_link(snapshot=snapshot, terms=terms, by=acting_of(request).user, at=timezone.now())
        address = absolute_url(request._request, reverse("reports:exchange", args=[token]))
        row = find_link(project, made.public_id)
        headers = {"Location": reverse("api:share_link", args=[project.slug, row.public_id])}
        shape = dict(MadeShareLinkShape({**link_values(row), "address": address}).data)
        return Response(shape, status=201, headers=headers)


class OneShareLink(Endpoint):
    @operation("read_share_link", "One share link", needs=Permission.SHARE, returns=ShareLinkShape)
    def get(self, request: Request, slug: str, public_id: str) -> Response:
        row = find_link(project_of(request, slug, Permission.SHARE), public_id)
        return Response(dict(ShareLinkShape(link_values(row)).data))

    @operation("revoke_share_link", "Revoke a share link", needs=Permission.SHARE, returns=None, status=204)
    def delete(self, request: Request, slug: str, public_id: str) -> Response:
        """It opens nothing from the next request on. It stays in the list. There is no way back."""
        row = find_link(project_of(request, slug, Permission.SHARE), public_id)
        revoke_share_link(link=row, by=acting_of(request).user, at=timezone.now())
        return Response(status=204)

from django.urls import path

from accounts.views import account, invitation, members, organisation, setup, tokens

app_name = "accounts"

urlpatterns = [
    path("setup/<str:token>/", setup.set_up, name="setup"),
    path("account/", account.account, name="account"),
    path("account/organisation/", account.switch_organisation, name="switch_organisation"),
    path("organisation/members/", members.members, name="members"),
    path("organisation/members/<int:membership_id>/", members.member, name="member"),
    path("organisation/members/<int:membership_id>/remove/", members.remove, name="remove_member"),
    path("organisation/invitations/", members.invite, name="invite"),
    path("organisation/invitations/<int:invitation_id>/revoke/", members.revoke, name="revoke_invitation"),
    path("organisation/settings/", organisation.settings, name="organisation_settings"),
    path("organisation/tokens/", tokens.tokens, name="tokens"),
    path("organisation/tokens/revoke-all/", tokens.revoke_all, name="revoke_all_tokens"),
    path("organisation/tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke_token"),
    path("invitations/<str:token>/", invitation.invitation, name="invitation"),
]

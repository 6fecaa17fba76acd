"""The set-up page, which the matrix can only see closed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organisation
from accounts.services import make_setup_token
from tests.make import make_organisation


@pytest.mark.django_db
def test_it_opens_for_the_token_until_there_is_an_organisation(client: Client) -> None:
    path = reverse("accounts:setup", args=[make_setup_token()])
    assert not Organisation.objects.exists()
    assert client.get(path).status_code == 200
    assert client.get(reverse("accounts:setup", args=["A" * 43])).status_code == 404
    make_organisation()
    assert client.get(path).status_code == 404

"""v1's login classes are accepted and honest about having no tokens."""

from __future__ import annotations

import pytest

from jupyter_mldeploy.core import authentication
from jupyter_mldeploy.core.exceptions import AuthenticationException


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("InteractiveLoginAuthentication", ()),
        ("AzureCliAuthentication", ()),
        ("MsiAuthentication", ()),
    ],
)
def test_logins_that_would_ask_azure_have_no_token(name: str, arguments: tuple[str, ...]) -> None:
    login = getattr(authentication, name)(*arguments)
    for call in (login.get_token, login.get_authentication_header, login.signed_session):
        with pytest.raises(AuthenticationException, match=name):
            call()


def test_a_given_token_is_handed_out() -> None:
    arm = authentication.ArmTokenAuthentication("one")
    assert arm.get_authentication_header() == {"Authorization": "Bearer one"}
    arm.update_arm_access_token("two")
    assert arm.get_token().token == "two"
    asked = authentication.TokenAuthentication(lambda audience: f"for {audience.name}")
    assert asked.get_token(authentication.Audience.AZUREML).token == "for AZUREML"
    run = authentication.AzureMLTokenAuthentication.create("three", "soon", *["x"] * 6)
    assert (run.token, run.expiry_time) == ("three", "soon")
    assert run.signed_session().headers["Authorization"] == "Bearer three"

"""One service name used by turns for several types: the object is of the new class at once, and waits to the end."""

from __future__ import annotations

from typing import Any

import pytest
from deployer import BROKEN, ECHO, SLOW, Deployer

from jupyter_mldeploy.core import Webservice
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import AciWebservice, AksEndpoint, AksWebservice, LocalWebservice

TYPES: list[Any] = [LocalWebservice, AciWebservice, AksWebservice, AksEndpoint]
ORDERS = [TYPES, TYPES[::-1], [AciWebservice, LocalWebservice, AksEndpoint, AciWebservice, AksWebservice]]
FAILING = [(LocalWebservice, AciWebservice), (AksWebservice, AksEndpoint), (AksEndpoint, LocalWebservice)]


def configuration(kind: Any) -> Any:
    options = {} if kind is LocalWebservice else {"auth_enabled": False}
    return kind.deploy_configuration(**options)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(kind.__name__ for kind in order))
def test_overwriting_gives_an_object_of_the_new_type_that_can_be_waited_on(own: Deployer, order: list[Any]) -> None:
    for number, kind in enumerate(order):
        service: Any = own.deploy("turns", configuration(kind), ECHO.format(number), overwrite=True)
        assert type(service) is kind
        assert service.state in ("Transitioning", "deploying")
        service.wait_for_deployment()
        assert service.state in ("Healthy", "running")
        assert service.run("{}") == str(number)
        assert type(Webservice(own.ws, "turns")) is kind


@pytest.mark.parametrize(("before", "after"), FAILING)
def test_a_replacement_that_fails_says_why_and_the_old_service_goes_on(own: Deployer, before: Any, after: Any) -> None:
    name = f"fails-{before._webservice_type}-{after._webservice_type}".lower()
    own.deployed(name, configuration(before), ECHO.format("old"))
    service: Any = own.deploy(name, configuration(after), BROKEN, overwrite=True)
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()
    with pytest.raises(WebserviceException, match="no such model in here"):
        service.wait_for_deployment()  # later too
    found: Any = Webservice(own.ws, name)
    assert type(found) is before
    assert found.run("{}") == "old"


def test_while_it_is_replaced_the_old_service_answers(own: Deployer) -> None:
    own.deployed("slowly", configuration(AciWebservice), ECHO.format("old"))
    service = own.deploy("slowly", configuration(AksWebservice), SLOW.format(1.5), overwrite=True)
    assert (type(service), service.state) == (AksWebservice, "Transitioning")
    assert service.run("{}") == "old"
    assert type(Webservice(own.ws, "slowly")) is AksWebservice
    service.wait_for_deployment()
    assert service.run("{}") == "slow"


def test_an_existing_name_without_overwrite_is_refused_whatever_is_asked_for(own: Deployer) -> None:
    own.deployed("taken", configuration(AksEndpoint), ECHO.format("first"))
    for other in TYPES:
        with pytest.raises(WebserviceException, match="'taken' exists already"):
            own.deploy("taken", configuration(other), ECHO.format("second"))
    assert Webservice(own.ws, "taken").run("{}") == "first"


def test_a_local_object_of_a_name_that_is_not_local_is_refused_and_deletes_nothing(own: Deployer) -> None:
    own.deployed("not-local", configuration(AciWebservice), ECHO.format("aci"))
    with pytest.raises(WebserviceException, match="WebserviceNotFound"):
        LocalWebservice(own.ws, "not-local")
    failed = own.deploy("not-local", configuration(LocalWebservice), BROKEN, overwrite=True)
    with pytest.raises(WebserviceException, match="no such model in here"):
        failed.wait_for_deployment()
    with pytest.raises(WebserviceException, match="delete is not possible"):
        failed.delete()
    assert Webservice(own.ws, "not-local").run("{}") == "aci"

"""The same account by every door: `service.why()` and `jupyter mldeploy why NAME`."""

from __future__ import annotations

from pathlib import Path

import pytest
from deployer import deployer

from jupyter_mldeploy import cli
from jupyter_mldeploy.core import Webservice, Workspace
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice import LocalWebservice


def test_a_service_and_the_shell_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    ws = Workspace("a-subscription", "a-group", "observed")
    with deployer(ws, tmp_path) as made:
        service = made.deployed("watched", LocalWebservice.deploy_configuration())
        assert service.why().startswith("Service 'watched' is Healthy.\nIt is ready: 1 of 1 worker serves.")
        capsys.readouterr()
        assert cli.main(["--workspace", str(ws._home.path), "why", "watched"]) == 0
        assert capsys.readouterr().out.startswith("Service 'watched' is Healthy.\n")
        gone = Webservice(ws, "watched")
        service.delete()
        with pytest.raises(WebserviceException, match="No service named 'watched'"):
            gone.why()
        assert cli.main(["--workspace", str(ws._home.path), "why", "watched"]) == 1

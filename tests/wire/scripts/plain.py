"""Says what `run` was given."""

import logging
import os


def init() -> None:
    logging.getLogger("mine").warning("init has run")


def run(payload, times=1):
    if payload == "environment":
        told = {name: value for name, value in os.environ.items() if name.startswith(("AZUREML_", "SERVICE_"))}
        for name in told.keys() & {"AZUREML_ENTRY_SCRIPT", "AZUREML_CONFIG_FILE"}:
            told[name] = os.path.basename(told[name])
        return dict(sorted(told.items()))
    if payload == "models":
        folder = os.environ["AZUREML_MODEL_DIR"]
        found = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
        return sorted(os.path.relpath(path, folder) for path in found)
    return {"type": type(payload).__name__, "payload": payload, "times": times}

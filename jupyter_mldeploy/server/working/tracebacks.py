"""A failure of the script in its own words: its traceback without the frames of this package."""

import os
import traceback
from types import TracebackType
from typing import Optional

from ..legacy import pickles

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def own_traceback(error: BaseException) -> str:
    """The traceback from the script's first frame on."""
    return "".join(traceback.format_exception(type(error), error, _from_script(error.__traceback__)))


def with_versions(text: str, error: BaseException) -> str:
    """The text, and behind it which version wrote the model that was loaded or used when the error came."""
    root = os.environ.get("AML_APP_ROOT") or os.getcwd()
    models = os.environ.get("AZUREML_MODEL_DIR") or "azureml-models"
    known = pickles.explain(error, os.path.join(root, models))
    return f"{text.rstrip(' .:' + os.linesep)}. {known}" if known else text


def before_run(error: BaseException) -> bool:
    """Whether `inference_schema` raised this while it converted the arguments, before it called the script's `run`."""
    converting = False
    frame = error.__traceback__
    while frame is not None:
        module = frame.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        if converting and module != "inference_schema" and frame.tb_frame.f_code.co_name == "run":
            return False
        converting = converting or module == "inference_schema"
        frame = frame.tb_next
    return converting


def summary(error: BaseException) -> str:
    """`ValueError: no such column`, on one line."""
    return traceback.format_exception_only(type(error), error)[-1].strip().partition("\n")[0]


def _from_script(frame: Optional[TracebackType]) -> Optional[TracebackType]:
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(FOLDER):
        frame = frame.tb_next
    return frame

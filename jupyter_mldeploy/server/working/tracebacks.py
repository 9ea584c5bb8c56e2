"""A failure of the script in its own words: its traceback without the frames of this package."""

import os
import traceback
from types import TracebackType
from typing import Optional

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def own_traceback(error: BaseException) -> str:
    """The traceback from the script's first frame on."""
    return "".join(traceback.format_exception(type(error), error, _from_script(error.__traceback__)))


def summary(error: BaseException) -> str:
    """`ValueError: no such column`, on one line."""
    return traceback.format_exception_only(type(error), error)[-1].strip().partition("\n")[0]


def _from_script(frame: Optional[TracebackType]) -> Optional[TracebackType]:
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(FOLDER):
        frame = frame.tb_next
    return frame

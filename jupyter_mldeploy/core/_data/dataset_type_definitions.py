"""Twin of `azureml.data.dataset_type_definitions`: what a file's first line is, and how its text is written."""

from __future__ import annotations

from enum import Enum


class PromoteHeadersBehavior(Enum):
    """Which files of a dataset have column names in their first line; here it is all of them, or none."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3

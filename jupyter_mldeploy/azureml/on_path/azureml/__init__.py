"""The name `azureml` while the alias of jupyter-mldeploy is on, here or in the process that started this one.

Any Python that has it on PYTHONPATH may read it, so it uses nothing new.
"""

import sys

try:
    from jupyter_mldeploy.azureml import legacy  # noqa: F401 - its module's import answers for every name below this one
except ImportError as error:
    if error.name not in ("jupyter_mldeploy", "jupyter_mldeploy.azureml"):
        raise
    raise ImportError(
        "`azureml` is an alias here that jupyter-mldeploy put on PYTHONPATH, but this Python lacks jupyter-mldeploy. "
        f"Install it there: {sys.executable} -m pip install jupyter-mldeploy; "
        f"or take {__path__[0].rpartition('azureml')[0]} off PYTHONPATH."
    ) from error

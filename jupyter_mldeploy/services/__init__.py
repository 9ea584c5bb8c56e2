"""Services: the records on disk, the operations that change them, and the verbs."""

from .changing import annotate, delete, keys, regenerate_key, scale, set_auth
from .deploying import check, deploy, reload, restart, update
from .operations import Operation
from .records import check_name, names, record
from .watching import address, as_text, log_text, logs, operation, state

__all__ = [
    "Operation",
    "address",
    "annotate",
    "as_text",
    "check",
    "check_name",
    "delete",
    "deploy",
    "keys",
    "log_text",
    "logs",
    "names",
    "operation",
    "record",
    "regenerate_key",
    "reload",
    "restart",
    "scale",
    "set_auth",
    "state",
    "update",
]

"""Services: the records on disk, the operations that change them, and the verbs."""

from .changing import annotate, delete, scale, set_auth
from .cleaning import clean, leftovers
from .deploying import check, deploy, reload, restart, update
from .explaining import why
from .operations import Operation
from .principals import Issued, issue, principals, revoke
from .records import check_name, names, record
from .secrets import keys, regenerate_key, revoke_tokens, token
from .versions import heir, need_version, put_version, remove_version, version_states
from .watching import address, as_text, coming, log_text, logs, operation, state

__all__ = [
    "Issued",
    "Operation",
    "address",
    "annotate",
    "as_text",
    "check",
    "check_name",
    "clean",
    "coming",
    "delete",
    "deploy",
    "heir",
    "issue",
    "keys",
    "leftovers",
    "log_text",
    "logs",
    "names",
    "need_version",
    "operation",
    "principals",
    "put_version",
    "record",
    "regenerate_key",
    "reload",
    "remove_version",
    "restart",
    "revoke",
    "revoke_tokens",
    "scale",
    "set_auth",
    "state",
    "token",
    "update",
    "version_states",
    "why",
]

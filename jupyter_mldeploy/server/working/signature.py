"""The parameters of `run`, read from its code object: `inspect` is loaded only for what is no plain function."""

from types import FunctionType
from typing import Any, Callable, Iterator, List, NamedTuple

VARIADIC = 0x04 | 0x08  # code flags: *args, **kwargs
REFUSED = "run() cannot take positional-only parameters, *args or **kwargs: the server calls it by parameter names."


class Parameter(NamedTuple):
    """A parameter of `run`; without a default, `default` is NEEDED."""

    name: str
    default: Any


NEEDED = object()


class SignatureRefused(Exception):
    """The server cannot call a `run` of this shape."""


def parameters(run: Callable[..., Any]) -> List[Parameter]:
    """The parameters in order, or raise SignatureRefused."""
    if type(run) is FunctionType and not hasattr(run, "__wrapped__") and not hasattr(run, "__signature__"):
        return list(_of_code(run))
    return list(_inspected(run))


def _of_code(run: FunctionType) -> Iterator[Parameter]:
    code = run.__code__
    if code.co_flags & VARIADIC or code.co_posonlyargcount:
        raise SignatureRefused(REFUSED)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given = run.__defaults__ or ()
    first = code.co_argcount - len(given)
    defaults = {name: given[i] for i, name in enumerate(names[first : code.co_argcount])}
    defaults.update(run.__kwdefaults__ or {})
    for name in names:
        yield Parameter(name, defaults.get(name, NEEDED))


def _inspected(run: Callable[..., Any]) -> Iterator[Parameter]:
    import inspect

    try:
        found = inspect.signature(run).parameters.values()
    except (TypeError, ValueError) as error:
        raise SignatureRefused(f"run is {run!r}, whose parameters cannot be read: {error}.") from error
    for parameter in found:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise SignatureRefused(REFUSED)
        yield Parameter(parameter.name, NEEDED if parameter.default is parameter.empty else parameter.default)

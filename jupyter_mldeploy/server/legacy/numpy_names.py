"""Names that NumPy removed, most of them in 1.24 and 2.0, and what each meant."""

import builtins
import importlib
import math
import pickle
import sys
from typing import Any, Callable, Dict

Maker = Callable[[], Any]

SAME = {  # removed name → the builtin that it always was
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "object": object,
    "str": str,
    "long": int,
    "unicode": str,
    "math": math,
    "loads": pickle.loads,
    "NINF": -math.inf,
    "PZERO": 0.0,
    "NZERO": -0.0,
}
RENAMED = {  # removed name → the name that NumPy has today; several, when that depends on the version
    "float_": "float64",
    "complex_": "complex128",
    "cfloat": "complex128",
    "singlecomplex": "complex64",
    "longfloat": "longdouble",
    "longcomplex": "clongdouble",
    "clongfloat": "clongdouble",
    "unicode_": "str_",
    "string_": "bytes_",
    "bool8": "bool_",
    "int0": "intp",
    "uint0": "uintp",
    "object0": "object_",
    "str0": "str_",
    "bytes0": "bytes_",
    "void0": "void",
    "Inf": "inf",
    "Infinity": "inf",
    "PINF": "inf",
    "infty": "inf",
    "NaN": "nan",
    "NAN": "nan",
    "product": "prod",
    "cumproduct": "cumprod",
    "alltrue": "all",
    "sometrue": "any",
    "round_": "round",
    "rank": "ndim",
    "mat": "asmatrix",
    "row_stack": "vstack",
    "trapz": "trapezoid",
    "issubsctype": "issubdtype",
    "typeDict": "sctypeDict",
    "AxisError": "exceptions.AxisError",
    "ComplexWarning": "exceptions.ComplexWarning",
    "ModuleDeprecationWarning": "exceptions.ModuleDeprecationWarning",
    "RankWarning": "exceptions.RankWarning",
    "TooHardError": "exceptions.TooHardError",
    "VisibleDeprecationWarning": "exceptions.VisibleDeprecationWarning",
    "DataSource": "lib.npyio.DataSource",
    "compare_chararrays": "char.compare_chararrays",
    "byte_bounds": "lib.array_utils.byte_bounds",
    "add_docstring": "lib.add_docstring",
    "add_newdoc": "lib.add_newdoc",
    "tracemalloc_domain": "lib.tracemalloc_domain",
}


def names(module: str) -> Dict[str, Maker]:
    """Removed name → what makes its value."""
    return _MAKERS


def _np() -> Any:
    return sys.modules["numpy"]


def _constant(value: Any) -> Maker:
    return lambda: value


def _attribute(path: str) -> Maker:
    def make() -> Any:
        value = _np()
        for part in path.split("."):
            if not hasattr(value, part):
                importlib.import_module(f"{value.__name__}.{part}")
            value = getattr(value, part)
        return value

    return make


def asscalar(a: Any) -> Any:
    """The Python number in an array of one element."""
    return a.item()


def alen(a: Any) -> int:
    """The length of the first dimension; 1 for a number."""
    try:
        return len(a)
    except TypeError:
        return len(_np().array(a, ndmin=1))


def msort(a: Any) -> Any:
    """A copy sorted along the first axis."""
    return _np().sort(a, axis=0)


def in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False, **kwargs: Any) -> Any:
    """Which elements of the first array, flattened, are in the second."""
    np = _np()
    return np.isin(np.asarray(ar1).ravel(), ar2, assume_unique=assume_unique, invert=invert, **kwargs)


def issubclass_(arg1: Any, arg2: Any) -> bool:
    """`issubclass`, False for what is no class."""
    try:
        return issubclass(arg1, arg2)
    except TypeError:
        return False


def asfarray(a: Any, dtype: Any = None) -> Any:
    """The array as floating point numbers."""
    np = _np()
    wanted = np.dtype(dtype or np.float64)
    return np.asarray(a, dtype=wanted if np.issubdtype(wanted, np.inexact) else np.float64)


def safe_eval(source: str) -> Any:
    """The value of a Python literal."""
    return importlib.import_module("ast").literal_eval(source)


def find_common_type(array_types: Any, scalar_types: Any) -> Any:
    """The type that holds all of these; scalars count only when their kind is higher."""
    np = _np()
    arrays, scalars = [np.dtype(each) for each in array_types], [np.dtype(each) for each in scalar_types]
    found = [np.result_type(*each) if each else None for each in (arrays, scalars)]
    if found[0] is None or found[1] is None:
        return found[0] if found[1] is None else found[1]
    kinds = "buifcmMSUVO"
    return found[1] if kinds.find(found[1].kind) > kinds.find(found[0].kind) else found[0]


def source(object: Any, output: Any = None) -> None:
    """Print the source text of a function or class."""
    text = importlib.import_module("inspect").getsource(object)
    print(text, file=output or sys.stdout)


def set_numeric_ops(**ops: Any) -> Dict[str, Any]:
    """Nothing: the operators of arrays cannot be replaced any more."""
    return {}


def set_string_function(f: Any, repr: bool = True) -> None:
    """Set how arrays are printed; None sets it back."""
    _np().set_printoptions(override_repr=f)


def issctype(rep: Any) -> bool:
    """Whether it is a scalar type of NumPy's, or a dtype."""
    np = _np()
    try:
        found = obj2sctype(rep)
    except (TypeError, ValueError):
        return False
    return found is not None and found is not np.object_


def obj2sctype(rep: Any, default: Any = None) -> Any:
    """The scalar type of a type, an array or a dtype's name."""
    np = _np()
    if isinstance(rep, np.ndarray):
        return rep.dtype.type
    try:
        return np.dtype(rep).type
    except TypeError:
        return default


def sctype2char(sctype: Any) -> str:
    """The letter of a scalar type."""
    return str(_np().dtype(sctype).char)


def maximum_sctype(t: Any) -> Any:
    """The widest type of the same kind."""
    np = _np()
    kind = np.dtype(t).kind
    return {"i": np.int64, "u": np.uint64, "f": np.longdouble, "c": np.clongdouble}.get(kind, np.dtype(t).type)


class _Cast(Dict[Any, Any]):
    """`np.cast[type](values)`."""

    def __missing__(self, key: Any) -> Any:
        return lambda values: _np().asarray(values).astype(key)


def _sctypes() -> Dict[str, Any]:
    np = _np()
    return {
        "int": [np.int8, np.int16, np.int32, np.int64],
        "uint": [np.uint8, np.uint16, np.uint32, np.uint64],
        "float": [np.float16, np.float32, np.float64, np.longdouble],
        "complex": [np.complex64, np.complex128, np.clongdouble],
        "others": [builtins.bool, builtins.object, bytes, str, np.void],
    }


def _nbytes() -> Dict[Any, int]:
    np = _np()
    return {kind: np.dtype(kind).itemsize for group in _sctypes().values() for kind in group}


_FUNCTIONS = (
    asscalar,
    alen,
    msort,
    in1d,
    issubclass_,
    asfarray,
    safe_eval,
    find_common_type,
    source,
    set_numeric_ops,
    set_string_function,
    issctype,
    obj2sctype,
    sctype2char,
    maximum_sctype,
)
_MAKERS: Dict[str, Maker] = {
    **{name: _constant(value) for name, value in SAME.items()},
    **{name: _attribute(path) for name, path in RENAMED.items()},
    **{function.__name__: _constant(function) for function in _FUNCTIONS},
    "cast": _Cast,
    "sctypes": _sctypes,
    "nbytes": _nbytes,
}

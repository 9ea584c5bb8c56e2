"""A decorated run, with a sample of each kind of parameter type."""

import datetime

import numpy
import pandas
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema


def init() -> None:
    pass


@input_schema("array", NumpyParameterType(numpy.array([[1.0, 2.0]])))
@input_schema("frame", PandasParameterType(pandas.DataFrame({"a": [1], "b": ["x"]})), optional=True)
@input_schema("count", StandardPythonParameterType(1))
@input_schema("when", StandardPythonParameterType(datetime.datetime(2020, 1, 1)), optional=True)
@output_schema(StandardPythonParameterType({"sum": 1.0}))
def run(array, frame=None, count=1, when=None):
    return {
        "sum": float(array.sum()),
        "array": type(array).__name__,
        "rows": None if frame is None else [type(frame).__name__, len(frame)],
        "count": count,
        "when": None if when is None else str(when),
    }

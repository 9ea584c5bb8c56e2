"""Several parameters, by their names."""

import numpy
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema


def init():
    pass


@input_schema("left", NumpyParameterType(numpy.array([[1.0, 2.0]])))
@input_schema("right", NumpyParameterType(numpy.array([1])))
@input_schema("scale", StandardPythonParameterType(1.0), optional=True)
def run(left, right, scale=1.0):
    return {"sums": (left.sum(axis=1) * scale + right).tolist(), "rows": [len(left)]}

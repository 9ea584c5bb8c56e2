"""One numpy parameter."""

import numpy
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema, output_schema


def init():
    pass


@input_schema("data", NumpyParameterType(numpy.array([[1.0, 2.0]], dtype="float32")))
@output_schema(NumpyParameterType(numpy.array([1.0])))
def run(data):
    assert data.dtype == numpy.float32
    return data.sum(axis=1).tolist()

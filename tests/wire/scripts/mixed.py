"""A decorated run whose sample has no form in Swagger 2, with names as Power BI wants them."""

from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema


def init() -> None:
    pass


@input_schema("Inputs", StandardPythonParameterType([1, "a", {"b": True}]))
@input_schema("GlobalParameters", StandardPythonParameterType(1.0))
@output_schema(StandardPythonParameterType({"Results": ["a"]}))
def run(Inputs, GlobalParameters=0.5):
    return {"Results": [Inputs, GlobalParameters]}

"""One data frame, in the orient that the variable names."""

import os

import pandas
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.schema_decorators import input_schema

SAMPLE = pandas.DataFrame({"size": [1.5], "count": [2], "name": ["x"]})


def init():
    pass


@input_schema("table", PandasParameterType(SAMPLE, orient=os.environ["ORIENT"]))
def run(table):
    table.columns = SAMPLE.columns if os.environ["ORIENT"] == "values" else table.columns
    return [f"{row['name']} {row['size'] * row['count']}" for _, row in table.iterrows()]

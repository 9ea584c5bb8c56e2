"""SageMaker's own client in local mode: python sagemaker_client.py PORT. Prints what it saw as JSON."""

import json
import sys
from types import SimpleNamespace

import numpy
import pandas
from sagemaker.deserializers import CSVDeserializer, JSONDeserializer, JSONLinesDeserializer, NumpyDeserializer
from sagemaker.local.local_session import LocalSagemakerRuntimeClient
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer, JSONLinesSerializer, JSONSerializer, NumpySerializer

runtime = LocalSagemakerRuntimeClient({"local": {"serving_port": int(sys.argv[1])}})
MATRIX = numpy.array([[1.0, 2.0], [3.0, 4.0]])


def predict(data, serializer, deserializer, **options):
    session = SimpleNamespace(sagemaker_runtime_client=runtime)
    predictor = Predictor("endpoint", session, serializer=serializer, deserializer=deserializer)
    found = predictor.predict(data, **options)
    return [str(found.dtype), found.tolist()] if isinstance(found, numpy.ndarray) else found


def invoke(content, **options):
    found = runtime.invoke_endpoint(json.dumps(content), "endpoint", ContentType="application/json", **options)["Body"]
    return [found.status, json.loads(found.read())]


def main():
    print(
        json.dumps(
            {
                "csv to csv": predict(MATRIX, CSVSerializer(), CSVDeserializer()),
                "one row of csv": predict([1.0, 2.0], CSVSerializer(), CSVDeserializer()),
                "frame to json": predict(pandas.DataFrame(MATRIX), CSVSerializer(), JSONDeserializer()),
                "json": predict(MATRIX, JSONSerializer(), JSONDeserializer()),
                "own json": predict({"data": MATRIX}, JSONSerializer(), JSONDeserializer()),
                "instances": predict({"instances": MATRIX}, JSONSerializer(), JSONDeserializer()),
                "numpy": predict(MATRIX, NumpySerializer(), NumpyDeserializer()),
                "numpy float32": predict(MATRIX.astype("float32").T, NumpySerializer(), NumpyDeserializer()),
                "numpy from json": predict(MATRIX, JSONSerializer(), NumpyDeserializer(accept="application/json")),
                "numpy words": predict(numpy.array(["words"]), NumpySerializer(), NumpyDeserializer()),
                "lines": predict(MATRIX.tolist(), JSONLinesSerializer(), JSONLinesDeserializer()),
                "attributes": invoke(["header"], CustomAttributes="trace=1"),
                "raises": invoke(["raise"]),
            }
        )
    )


main()

"""Sections 9, 10 and 12: starts that fail, with the exit code of each."""

# A row a line or two.
# fmt: off
# ruff: noqa: E501
from ..rows import Boot

FINE = "def init(): pass\ndef run(data): return data\n"

BOOTS = (
    Boot(9, "a syntax error", 3, "def init(:\n", logged="SyntaxError"),
    Boot(9, "a failing import", 3, "import nothing_of_this_name\n", logged="No module named 'nothing_of_this_name'"),
    Boot(9, "no init", 3, "def run(data): pass\n", logged="init"),
    Boot(9, "no run", 3, "def init(): pass\n", logged="run"),
    Boot(9, "init raises", 3, "def init(): raise ValueError('in init')\ndef run(data): pass\n", logged="ValueError: in init"),
    Boot(9, "init exits with 0", 3, "def init(): raise SystemExit(0)\ndef run(data): pass\n", logged="SystemExit"),
    Boot(9, "a run without a parameter", 3, "def init(): pass\ndef run(): pass\n"),
    Boot(9, "a run with request_headers alone", 3, "def init(): pass\ndef run(request_headers): pass\n"),
    Boot(9, "a run with *args", 3, "def init(): pass\ndef run(*args): pass\n"),
    Boot(9, "a run with **kwargs", 3, "def init(): pass\ndef run(data, **kwargs): pass\n"),
    Boot(9, "a positional-only parameter", 3, "def init(): pass\ndef run(data, /): pass\n"),
    Boot(9, "a script that is not there", 3, None),
    Boot(5, "raw and decorated", 3, "from azureml_inference_server_http.api.aml_request import rawhttp\n"
         "from inference_schema.schema_decorators import input_schema\n"
         "from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType\n"
         "def init(): pass\n@rawhttp\n@input_schema('data', StandardPythonParameterType(1))\ndef run(data): return data\n"),
    Boot(10, "no entry script", 1, arguments=("--worker_count", "1")),
    Boot(10, "an unknown option", 1, arguments=("--nonsense", "1")),
    Boot(10, "help", 1, arguments=("--help",)),
    Boot(10, "a port that is none", 1, arguments=("--entry_script", "score.py", "--port", "99999")),
    Boot(10, "no worker", 1, arguments=("--entry_script", "score.py", "--worker_count", "0")),
    Boot(10, "a limit that is no number", 3, environment={"SCORING_TIMEOUT_MS": "soon"}, logged="SCORING_TIMEOUT_MS"),
    Boot(10, "a file with a wrong type", 3, files={"config.json": '{"SERVICE_NAME": 5}'}, logged="SERVICE_NAME"),
    Boot(10, "a file that is no JSON", 3, files={"config.json": "{"}),
    Boot(12, "a switch that is none", 3, environment={"APP_INSIGHTS_LOG_RESPONSE_ENABLED": "maybe"},
         logged="APP_INSIGHTS_LOG_RESPONSE_ENABLED"),
    Boot(12, "an empty switch", 3, environment={"APP_INSIGHTS_LOG_RESPONSE_ENABLED": ""}),
)

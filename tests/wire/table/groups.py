"""The groups: which script runs under which settings."""

from ..rows import Group

GROUPS = {
    "plain": Group("plain.py"),
    "named": Group(
        "plain.py",
        environment={
            "SERVICE_NAME": "my service",
            "SERVICE_VERSION": "2.5",
            "SERVICE_PATH_PREFIX": "some/prefix",
            "SERVER_VERSION_LOG_RESPONSE_ENABLED": "false",
            "AZUREML_MODEL_DIR": "models/m/1",
            "AML_APP_INSIGHTS_ENABLED": "true",
        },
        files={"models/m/1/file": "x"},
    ),
    "rooted": Group(
        "plain.py",
        environment={
            "AML_APP_ROOT": "{folder}/root",
            "AZUREML_MODEL_DIR": "{folder}/root/azureml-models",
            "WORKER_TIMEOUT": "300",
            "WORKER_PRELOAD": "true",
            "WORKSPACE_NAME": "w",
            "AZUREML_LOG_LEVEL": "DEBUG",
            "AML_MODEL_DC_STORAGE_ENABLED": "true",
            "AML_DBG_MODEL_INFO": "1",
            "SERVER_PORT": "3535",
        },
        files={
            "root/azureml-models/m/1/file": "x",
            "root/azureml-models/n/2/folder/file": "x",
            "root/config.json": '{"SERVICE_NAME": "from the root", "HOSTNAME": "h"}',
            "root/swagger3.json": '{"openapi": "3.0.0", "mine": "root"}',
        },
        place="code/score.py",
    ),
    "results": Group("results.py", environment={"AML_APP_INSIGHTS_KEY": "01234567-89ab-cdef-0123-456789abcdef"}),
    "short": Group("results.py", environment={"SCORING_TIMEOUT_MS": "300"}),
    "headers": Group("wants_headers.py", environment={"AML_CORS_ORIGINS": "http://one.example,http://two.example"}),
    "open": Group("plain.py", environment={"AML_CORS_ORIGINS": "*"}),
    "patterned": Group("plain.py", environment={"AML_CORS_ORIGINS": r"https://[ab]\.example(:\d+)?"}),
    "schema": Group("schema.py"),
    "mixed": Group("mixed.py", arguments=("--access_control_allow_origins", "http://one.example")),
    "raw": Group("raw.py"),
    "pickled": Group("pickled.py", environment={"APP_INSIGHTS_LOG_RESPONSE_ENABLED": "false"}),
    "driver": Group("driver.py", arguments=("--worker_count", "2", "--appinsights_instrumentation_key", "no-uuid")),
    "filed": Group(
        "beside.py",
        environment={"SERVICE_VERSION": "from the environment"},
        files={
            "config.json": '{"SERVICE_NAME": "from the file", "SERVICE_VERSION": "from the file", '
            '"AZUREML_SOURCE_DIRECTORY": "source", "AML_CORS_ORIGINS": "http://one.example", "UNKNOWN": 1}',
            "source/in_source.py": "NAME = 'source'",
            "in_root.py": "NAME = 'root'",
            "swagger2.json": '{"swagger": "2.0", "mine": 2}',
            "swagger3.json": '{"openapi": "3.0.0", "mine": 3}',
        },
        place="code/score.py",
        health=True,
    ),
    "described": Group(
        "plain.py",
        arguments=("--config_file", "mine.json", "--model_dir", "models"),
        environment={"SEPERATE_HEALTH_ENDPOINT": "true", "AML_MODEL_DC_STORAGE_ENABLED": "true"},
        files={
            "models/file": "x",
            "mine.json": '{"SERVICE_NAME": "from mine.json", "SCORING_TIMEOUT_MS": "1000"}',
            "config.json": '{"SERVICE_NAME": "not this one"}',
            "swagger.json": '{"swagger": "2.0", "mine": "first"}',
            "swagger2.json": '{"swagger": "2.0", "mine": "second"}',
            "swagger3.1.json": '{"openapi": "3.1.0", "mine": 3.1}',
        },
        health=True,
    ),
}

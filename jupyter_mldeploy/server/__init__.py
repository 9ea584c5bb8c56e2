"""The scoring server: a front that speaks HTTP and workers that run the entry script. Imports nothing of ours."""

SERVER_VERSION = "mldeploy/0.1.0"  # what `x-ms-server-version` says

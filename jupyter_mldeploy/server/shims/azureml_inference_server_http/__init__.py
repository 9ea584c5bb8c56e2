"""The names of Azure's inference server that entry scripts import: the raw HTTP interface and the log formatter."""

"""The older names of the raw HTTP interface."""

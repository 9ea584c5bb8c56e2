"""The raw HTTP interface."""

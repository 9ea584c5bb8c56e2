"""Requests as clients of other servers send them, turned into arguments of `run`, and its result into their answers."""

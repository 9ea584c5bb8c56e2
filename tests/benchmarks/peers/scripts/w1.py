"""W1: the sum of a row."""

import json


def init():
    pass


def answer(data):
    return [sum(row) for row in data]


def run(raw_data):
    return answer(json.loads(raw_data)["data"])

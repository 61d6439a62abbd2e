import functools
import time

import pandas as pd

read_semicolon = functools.partial(pd.read_csv, sep=";", decimal=",")


def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        start = time.time()
        result = function(*args, **kwargs)
        print(function.__name__, time.time() - start)
        return result

    return inner


def in_folder(folder):
    def full(name):
        return f"{folder}/{name}"

    return full


@timed
def read_survey(name, *, folder="survey"):
    return read_semicolon(in_folder(folder)(name))


def write_all(tables, folder):
    place = in_folder(folder)
    for name, table in tables.items():
        _write(table, place(name + ".csv"))


def _write(table, path):
    table.to_csv(path, index=False)

"""CSV files that several processes and threads append to at once: whole lines, one header a file, never a torn one."""

import fcntl
import itertools
import os


def append(folder: str, stem: str, header: bytes, lines: bytes) -> str:
    """Append lines to `stem.csv`, or to the first of `stem-2.csv`, `stem-3.csv` … that has this header.

    Returns the path. Raises OSError, with the file as it was before.
    """
    os.makedirs(folder, exist_ok=True)
    for number in itertools.count(1):
        path = os.path.join(folder, f"{stem}.csv" if number == 1 else f"{stem}-{number}.csv")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            size = os.fstat(fd).st_size
            if not size or _continues(fd, size, header):
                _write(fd, size, lines if size else header + lines)
                return path
        finally:
            os.close(fd)
    raise AssertionError("unreachable: there is always another number")


def _continues(fd: int, size: int, header: bytes) -> bool:
    """Whether the file has this header and ends with a whole line: a process may have been killed while it wrote."""
    return os.pread(fd, len(header), 0) == header and os.pread(fd, 1, size - 1) == b"\n"


def _write(fd: int, size: int, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError:
        os.ftruncate(fd, size)
        raise

"""`pip install azureml-…` in a notebook: left out with a notice, because these packages would stand in our way.

A transformer of cells that touches nothing but lines that install `azureml` packages; IPython is not imported for it.
"""

from __future__ import annotations

import re

from . import requirements
from .shell import shell

# `!pip`, `%pip`, `pip` and `python -m pip` (also `{sys.executable}`), and what stands before it on the line.
LINE = re.compile(r"(\s*)(!{1,2}|%)?\s*(.*?\bpip[\d.]*(?:\.exe)?[\"']?\s+(?:-\S+\s+)*install\b.*)$", re.S)
PIP = re.compile(r"(?:^|[!%\s/\"'\\])pip[\d.]*(?:\.exe)?[\"']?\s+(?:-\S+\s+)*install\b")
OURS = re.compile(r"[\"']?azureml(?:[-_.]\w|\s*$|[\[=<>!~;@,\"'])", re.I)
SHELLS = re.compile(r"%%(?:bash|sh|script)\b|%%!")
RUN = re.compile(r"(?!%%)|%%(?:capture|time|timeit)\b")  # cells whose lines IPython runs; of others they are text
SEPARATORS = re.compile(r"(\s*(?:&&|\|\||;|\|)\s*|\s+(?:\d?>>?|<)\s*)")
WORDS = re.compile(r"\s+|(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+")
# Options whose value is the next word.
VALUED = {
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "-c", "--constraint"),
    *("--prefix", "--root", "--proxy", "--timeout", "--retries", "--trusted-host", "--cache-dir", "--python"),
    *("--platform", "--python-version", "--implementation", "--abi", "--src", "--log", "--cert", "--client-cert"),
    *("--progress-bar", "--upgrade-strategy", "--no-binary", "--only-binary", "--report", "--config-settings"),
}
REQUIREMENTS = {"-r", "--requirement"}
BRINGS = {*REQUIREMENTS, "-e", "--editable"}  # options whose value is something to install


def watch() -> None:
    """Look at the cells of the IPython shell of this process, if there is one."""
    found = shell()
    if found is not None and answered not in found.input_transformers_cleanup:
        found.input_transformers_cleanup.append(answered)


def unwatch() -> None:
    """Leave the shell as it was."""
    found = shell()
    if found is not None and answered in found.input_transformers_cleanup:
        found.input_transformers_cleanup.remove(answered)


def answered(lines: list[str]) -> list[str]:
    """The lines of a cell, those that install `azureml` packages with a notice instead of these."""
    text = "".join(lines)
    if "pip" not in text or "install" not in text:
        return lines
    is_shell = bool(SHELLS.match(text.lstrip()))
    if not is_shell and not RUN.match(text.lstrip()):
        return lines
    answers = [(line, _answer(line, is_shell)) for line in _joined(lines)]
    if all([line] == answer for line, answer in answers):
        return lines
    return [made for _, answer in answers for made in answer]


def _joined(lines: list[str]) -> list[str]:
    """The lines, those that go on after a backslash as one."""
    found: list[str] = []
    for line in lines:
        if found and PIP.search(found[-1]) and found[-1].rstrip("\n").endswith("\\"):
            found[-1] = found[-1].rstrip("\n")[:-1] + " " + line.lstrip()
        else:
            found.append(line)
    return found


def _answer(line: str, is_shell: bool) -> list[str]:
    found = LINE.fullmatch(line.rstrip("\n"))
    if not found or not _is_command(found[2], found[3], is_shell):
        return [line]
    indent, mark, command = found[1], found[2] or "", found[3]
    left, dropped = without_azureml(command)
    if not dropped:
        return [line]
    text = notice(dropped)
    if is_shell:
        return [f"{indent}echo {_quoted(text)}\n"] + ([f"{indent}{left}\n"] if left else [])
    return [f"{indent}print({text!r})\n"] + ([f"{indent}{mark}{left}\n"] if left else [])


def _is_command(mark: str | None, command: str, is_shell: bool) -> bool:
    """Whether the line is run by a shell or by pip's magic, and is not Python or text that speaks of it."""
    return bool(mark) or is_shell or re.match(r"(?:uv\s+)?pip[\d.]*\s", command) is not None


def without_azureml(command: str) -> tuple[str, list[str]]:
    """The command without its `azureml` packages, and these; an empty command when there is nothing else to do."""
    parts = SEPARATORS.split(command)
    dropped: list[str] = []
    for number in range(0, len(parts), 2):
        if PIP.search(parts[number]):
            parts[number] = _segment(parts[number], dropped)
    while len(parts) > 1 and parts[0] == "true" and parts[1].strip() in ("&&", ";", "|", ">", ">>", "2>", "1>"):
        follows = parts[1].strip() in ("&&", ";")
        parts = parts[2:] if follows else ["true", *parts[3:]]
    return "" if parts == ["true"] else "".join(parts), dropped


def _segment(command: str, dropped: list[str]) -> str:
    """One command of the line; `true` when it has nothing to install any more."""
    words = WORDS.findall(command)
    start = words.index("install") + 1
    kept, installs, valued = words[:start], False, ""
    for word in words[start:]:
        if valued in REQUIREMENTS and not word.isspace():
            word, named = requirements.without(word, OURS)
            dropped += named
        if word.isspace():
            kept.append(word)
        elif not valued and OURS.match(word):
            dropped.append(word.strip("\"'"))
            kept.append("")
        else:
            installs = installs or valued in BRINGS or not (valued or word.startswith("-"))
            valued = word if word in VALUED | BRINGS else ""
            installs = installs or word.startswith(("--requirement=", "--editable="))
            kept.append(word)
    return re.sub(r"[ \t]{2,}", " ", "".join(kept)).rstrip() if installs else "true"


def notice(dropped: list[str]) -> str:
    """What is said in place of the installation."""
    verb = "is" if len(dropped) == 1 else "are"
    return (
        f"{', '.join(dropped)} {verb} not installed: jupyter-mldeploy stands in for the Azure ML SDK here, and the "
        "real packages would hide it. Nothing is missing for `import azureml.core`."
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "") + "'"

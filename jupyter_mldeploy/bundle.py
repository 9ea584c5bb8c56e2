"""`build()`: one self-contained, read-only folder with everything a target needs, secrets excepted.

The folder's name is the digest of its content, so the same inputs give the same bundle, and it is built once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any

import msgspec

from . import build_context, environments
from .disk import Home, check_room, enough_room, locked, read_json
from .errors import FileMissing, InvalidInput
from .specs import Bundle, EnvironmentSpec, Lock, ModelRef, ScriptSpec

SCHEMA = 1
MODELS = "azureml-models"
CONTEXT = "build-context"  # of the environment's image
SKIPPED = {"__pycache__", ".git", ".ipynb_checkpoints"}  # never part of what a script needs


def build(
    home: Home, script: ScriptSpec, models: Sequence[ModelRef], environment: EnvironmentSpec, lock: Lock
) -> Bundle:
    """Build the bundle, or find the one that exists. Raises `FileMissing`, `InvalidInput` and `DiskFull`."""
    source, context = dict(source_files(script)), build_context.files(environment.docker)
    manifest = describe(script, source, models, environment, lock)
    text = json.dumps(manifest, indent=2, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    target = home.bundles / digest
    with locked(home.bundles / ".lock", wait=600):
        _clean(home.bundles)
        if not target.exists():
            files = {f"source/{name}": file for name, file in source.items()}
            files |= {f"{CONTEXT}/{name}": file for name, file in context.items()}
            check_room(home.bundles, sum(file.stat().st_size for file in files.values()))
            with enough_room(home.bundles):
                _fill(target, text, files, models, environments.text(environment))
    return Bundle(digest, str(target))


def describe(
    script: ScriptSpec,
    source: Mapping[str, Path],
    models: Sequence[ModelRef],
    environment: EnvironmentSpec,
    lock: Lock,
) -> dict[str, Any]:
    """What `service.json` says: all that decides how the service answers, each file by its SHA-256."""
    folder = Path(script.source_directory).name if script.source_directory else None
    name = PurePosixPath(folder, script.entry_script) if folder else PurePosixPath(Path(script.entry_script).name)
    return {
        "schema": SCHEMA,
        "entry_script": str(name),
        "source_directory": folder,
        "source": {name: sha256(path) for name, path in sorted(source.items())},
        "models": [
            {
                "name": m.name,
                "version": m.version,
                "entry": Path(m.path).name,
                "digest": m.digest or tree_digest(Path(m.path)),
            }
            for m in models
        ],
        "model_dir": model_directory(models),
        "environment": {
            "name": environment.name,
            "variables": dict(environment.variables),
            **({"docker": _docker(environment)} if environment.docker else {}),  # as with batch
        },
        "lock": {name: value for name, value in asdict(lock).items() if name != "notices"},
        **({"batch": True} if script.batch else {}),  # left out, it keeps the digests of earlier bundles
    }


def _docker(environment: EnvironmentSpec) -> dict[str, Any]:
    """What images use: a build context by its files, wherever its folder lies, and whether the image's own Python is
    meant, with the packages that it has (v1 SDK: user-managed dependencies)."""
    docker = dict(environment.docker)
    if files := build_context.files(docker):
        told = {name: [sha256(path), os.access(path, os.X_OK)] for name, path in files.items()}
        docker["build_context"] = {"dockerfile_path": docker["build_context"]["dockerfile_path"], "files": told}
    if environment.user_managed and docker.keys() & {"base_image", "base_dockerfile", "build_context"}:
        docker["own_python"] = environment.interpreter or "python"
    return docker


def manifest(bundle: Bundle) -> dict[str, Any]:
    """The bundle's `service.json`."""
    return read_json(Path(bundle.path) / "service.json", dict[str, Any])


def lock_of(bundle: Bundle) -> Lock:
    """The lock that the bundle was built with."""
    return msgspec.convert(manifest(bundle)["lock"], Lock)


def unfold(bundle: Bundle, root: Path) -> Path:
    """Lay the bundle out in the empty folder `root` as the app root that v1 scripts expect.

    Folders are made anew, so that a script may write beside its files; files, and all models, are links.
    """
    source = Path(bundle.path) / "source"
    for where, folders, names in os.walk(source):
        inside = root / Path(where).relative_to(source)
        for name in folders:
            (inside / name).mkdir()
        for name in names:
            (inside / name).symlink_to(Path(where) / name)
    if (models := Path(bundle.path) / MODELS).is_dir():
        (root / MODELS).symlink_to(models)
    return root


def model_paths(bundle: Bundle) -> dict[str, str]:
    """Model id → where the bundle keeps its file or folder."""
    models = manifest(bundle)["models"]
    return {
        f"{m['name']}:{m['version']}": str(Path(bundle.path, MODELS, m["name"], str(m["version"]), m["entry"]))
        for m in models
    }


def model_directory(models: Sequence[ModelRef]) -> str:
    """AZUREML_MODEL_DIR under the app root: down to the version for one model, the top for several (v1 SDK 6.4)."""
    return f"{MODELS}/{models[0].name}/{models[0].version}" if len(models) == 1 else MODELS


def source_files(script: ScriptSpec) -> Iterator[tuple[str, Path]]:
    """(path inside `source/`, file) for the script alone, or for its whole source folder under its own name."""
    if script.source_directory is None:
        path = Path(script.entry_script)
        if not path.is_file():
            raise FileMissing(f"The entry script {path} does not exist.")
        yield path.name, path
        for name in script.beside:
            yield from _beside(Path(name))
        return
    top = Path(script.source_directory)
    if not (top / script.entry_script).is_file():
        raise FileMissing(f"The entry script {script.entry_script} does not exist in the source folder {top}.")
    yield from _inside(top)


def _beside(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_dir():
        yield from _inside(path)
    elif path.is_file():
        yield path.name, path
    else:
        raise FileMissing(f"There is no file or folder {path}, which was to lie beside the entry script.")


def _inside(top: Path) -> Iterator[tuple[str, Path]]:
    for folder, _, names in _walk(top):
        for name in names:
            relative = (folder / name).relative_to(top)
            yield str(PurePosixPath(top.name, *relative.parts)), folder / name


def _walk(top: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    seen = set()
    for where, folders, names in os.walk(top, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:  # a link back up would never end
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        yield Path(where), folders, sorted(name for name in names if Path(where, name).is_file())


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def tree_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, or of a folder's sorted relative names and file digests, as the registry counts it."""
    if path.is_file():
        return sha256(path)
    if not path.is_dir():
        raise FileMissing(f"The model path {path} does not exist.")
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    lines = (f"{name}\0{sha256(files[name])}\n" for name in sorted(files))
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _fill(target: Path, text: str, files: Mapping[str, Path], models: Sequence[ModelRef], environment: str) -> None:
    """Fill a folder aside and rename it, so a bundle that can be seen is whole."""
    building = Path(mkdtemp(prefix=".building-", dir=target.parent))
    for name, file in files.items():
        place = building / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
        place.chmod(0o555 if os.access(file, os.X_OK) else 0o444)
    for model in models:
        _place_model(model, building / MODELS / model.name / str(model.version))
    (building / "environment.yml").write_text(environment)
    (building / "service.json").write_text(text)
    building.chmod(0o755)
    building.rename(target)


def _place_model(model: ModelRef, folder: Path) -> None:
    source = Path(model.path)
    if PurePosixPath(model.name).name != model.name:
        raise InvalidInput(f"A model's name cannot hold a path: {model.name!r}.")
    folder.mkdir(parents=True)
    # A registered file never changes, so a link is as good as a copy; a bare path (version 0) may be written again.
    place = shutil.copy2 if model.version == 0 else _link
    if source.is_file():
        place(source, folder / source.name)
    elif source.is_dir():
        shutil.copytree(source, folder / source.name, copy_function=place)
    else:
        raise FileMissing(f"The files of model {model.id} are not at {source} any more.")


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(os.path.realpath(source), target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _clean(bundles: Path) -> None:
    for left in bundles.glob(".building-*"):  # the lock is ours, so whoever built these is dead
        shutil.rmtree(left, ignore_errors=True)

"""A run's files: `/`-separated keys such as `outputs/model.pkl`, uploaded once and never overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from ..errors import known
from ..registry import Registry
from ..specs import RunInfo
from ._submission.place import Place
from .exceptions import NotAvailableException, UserErrorException, translated

_LOG_FOLDERS = ("logs/", "azureml-logs/", "user_logs/", "system_logs/")


class RunFiles:
    """Uploading, listing and downloading the files of a run."""

    _registry: Registry
    _info: RunInfo

    if TYPE_CHECKING:  # of RunSubmitted, which every run has too

        @property
        def _place(self) -> Place: ...

        @property
        def _in_progress(self) -> bool: ...

    @translated()
    def upload_file(self, name: str, path_or_stream: str | Path | IO[Any], datastore_name: str | None = None) -> None:
        """Upload a file, or what a stream holds, under the key `name`. A key in use is refused, not overwritten."""
        _check_datastore(datastore_name)
        self._registry.upload(self._info.id, name, _source(path_or_stream))

    @translated()
    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str | Path],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> None:
        """Upload several files; `names` and `paths` of unequal length → TypeError. All are checked before the first."""
        if len(names) != len(paths):
            raise TypeError(f"upload_files got {len(names)} names for {len(paths)} paths.")
        _check_datastore(datastore_name)
        sources = [_source(path) for path in paths]
        for name, source in zip(names, sources, strict=True):
            self._registry.upload(self._info.id, name, source)

    @translated()
    def upload_folder(self, name: str, path: str | Path, datastore_name: str | None = None) -> None:
        """Upload all files below `path`, each under `name/` and its path there."""
        _check_datastore(datastore_name)
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(f"No folder {str(path)!r} in {Path.cwd()}.")
        self._registry.upload(self._info.id, name, folder)

    def _upload_new(self, name: str, folder: Path) -> None:
        """Upload those files below `folder` that the run does not have yet."""
        has = set(self.get_file_names())
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            key = f"{name}/{file.relative_to(folder).as_posix()}"
            if key not in has:
                self._registry.upload(self._info.id, key, file)

    @translated()
    def get_file_names(self) -> list[str]:
        """The keys of all files of the run."""
        return self._registry.artifacts(self._info.id)

    def _log_keys(self) -> list[str]:
        kept = {key for key in self.get_file_names() if key.startswith(_LOG_FOLDERS)}
        return sorted({*kept, *self._live_logs()})

    def _live_logs(self) -> dict[str, Path]:
        """Key → file of the logs that a submitted run is writing and has not uploaded yet."""
        return {key: path for key, path in self._place.logs().items() if self._in_progress and path.exists()}

    def _text(self, key: str) -> str:
        if live := self._live_logs().get(key):
            return live.read_text(errors="replace")
        with TemporaryDirectory() as folder:
            return self._registry.download(self._info.id, key, Path(folder, "text")).read_text(errors="replace")

    @translated()
    def download_file(self, name: str, output_file_path: str | None = None, _validate_checksum: bool = False) -> None:
        """Download one file to `output_file_path`: a file's path, or a folder; default is the current folder."""
        has = [*self.get_file_names(), *self._live_logs()]
        if name not in has:
            raise UserErrorException(f"The run has no file {name!r}. {known('Its files', has)}")
        target = Path(output_file_path or ".")
        if target.is_dir() or str(output_file_path).endswith("/"):
            target = target / name.rpartition("/")[2]
        self._download(name, target)

    def _download(self, key: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if live := self._live_logs().get(key):
            shutil.copyfile(live, target)
        else:
            self._registry.download(self._info.id, key, target)

    @translated()
    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | None = None,
        output_paths: str | Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Download all files, or those whose key starts with `prefix`, below `output_directory` (default: here).

        Without `append_prefix` the prefix is left out of the written paths. `output_paths` names the written paths
        one by one, in the order of `get_file_names()`.
        """
        keys = [key for key in self.get_file_names() if key.startswith(prefix or "")]
        if not keys:
            raise UserErrorException(
                f"The run has no file that starts with {prefix or ''!r}. {known('Its files', self.get_file_names())}"
            )
        written = [output_paths] if isinstance(output_paths, str) else output_paths
        if written is None:
            cut = 0 if append_prefix or not prefix else len(prefix)
            written = [key[cut:].lstrip("/") or key.rpartition("/")[2] for key in keys]
        if len(written) != len(keys):
            raise UserErrorException(f"output_paths has {len(written)} entries for {len(keys)} files: {keys}")
        for key, path in zip(keys, written, strict=True):
            self._download(key, Path(output_directory or ".") / path)

    def get_all_logs(self, destination: str | None = None) -> list[str]:
        """Download the run's log files below `destination` (default: here) and return their paths."""
        targets = [Path(destination or ".") / key for key in self._log_keys()]
        for key, target in zip(self._log_keys(), targets, strict=True):
            self.download_file(key, str(target))
        return [str(target) for target in targets]


def _source(path_or_stream: Any) -> Path | bytes:
    if hasattr(path_or_stream, "read"):
        content = path_or_stream.read()
        return content if isinstance(content, bytes) else str(content).encode()
    path = Path(path_or_stream)
    if not path.is_file():
        raise UserErrorException(f"No file {str(path_or_stream)!r} in {Path.cwd()}.")
    return path


def _check_datastore(name: str | None) -> None:
    if name is not None:
        raise NotAvailableException(
            f"There is no datastore {name!r}: a run keeps its files in the workspace. Leave datastore_name out."
        )

"""FileDataset: files as they are."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from ..exceptions import UserErrorException, translated
from . import steps, transfer
from .abstract_dataset import AbstractDataset
from .dataset_consumption_config import DatasetConsumptionConfig
from .places import Found


class FileDataset(AbstractDataset):
    """Files of datastores, of this machine or of the web."""

    def _chosen(self) -> list[Found]:
        found = self._files()
        return [found[position] for position in steps.positions(len(found), self._steps)]

    def to_path(self) -> list[str]:
        """The files' paths below what is mounted or downloaded; each begins with a slash."""
        return [f"/{found.relative}" for found in self._chosen()]

    @translated()
    def download(
        self, target_path: str | None = None, overwrite: bool = False, ignore_not_found: bool = False
    ) -> list[str]:
        """Copy the files below `target_path`, without one into a new temporary folder; their paths there."""
        top = Path(target_path or tempfile.mkdtemp(prefix="mldeploy-data-")).absolute()
        return transfer.download(self._targets(top), overwrite=overwrite)

    def mount(self, mount_point: str | None = None) -> MountContext:
        """A folder with links to the files, there from `start()` to `stop()` or in a `with` block."""
        return MountContext(self, mount_point)

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        return DatasetConsumptionConfig(f"input_{self._definition.id[:8]}", self, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        return DatasetConsumptionConfig(f"input_{self._definition.id[:8]}", self, "download", path_on_compute)

    def _targets(self, top: Path) -> list[tuple[Path, Path]]:
        return [(found.file, top / found.relative) for found in self._chosen()]

    @translated()
    def _in_folder(self, mode: str) -> Path:
        """A folder of this process's workspace with the files, made anew: links, or copies to download."""
        parent = self._home.path / "datasets" if self._home else Path(tempfile.gettempdir())
        (parent / ".inputs").mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{mode}-", dir=parent / ".inputs"))
        if mode == "mount":
            _link(self._targets(folder))
        else:
            transfer.download(self._targets(folder), overwrite=True)
        return folder


class MountContext:
    """A folder with links to a dataset's files."""

    def __init__(self, dataset: FileDataset, mount_point: str | None) -> None:
        self._dataset = dataset
        self.mount_point = str(
            Path(mount_point).absolute() if mount_point else tempfile.mkdtemp(prefix="mldeploy-data-")
        )

    def __enter__(self) -> MountContext:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Put the links there. A folder with something in it → UserErrorException."""
        folder = Path(self.mount_point)
        if folder.exists() and any(folder.iterdir()):
            raise UserErrorException(f"{folder} is not empty: mount into a new folder.")
        _link(self._dataset._targets(folder))

    def stop(self) -> None:
        """Take the folder away; the files stay where they are."""
        shutil.rmtree(self.mount_point, ignore_errors=True)


def _link(pairs: list[tuple[Path, Path]]) -> None:
    for source, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)

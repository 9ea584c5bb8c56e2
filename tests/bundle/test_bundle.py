"""Bundles: the same inputs give the same folder, and nothing half-made is ever seen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox import Sandbox, sandbox

from jupyter_mldeploy import bundle
from jupyter_mldeploy.errors import DiskFull, FileMissing, InvalidInput
from jupyter_mldeploy.specs import Bundle, EnvironmentSpec, Lock, ModelRef, ScriptSpec

LOCK = Lock(digest="d" * 16, python="3.11.7", platform="linux", requirements=("six==1.17.0",))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(tmp_path) as made:
        yield made


def build(box: Sandbox, script: ScriptSpec, *models: ModelRef, **variables: str) -> Bundle:
    return bundle.build(box.home, script, models, EnvironmentSpec(variables=variables), LOCK)


def test_the_same_inputs_give_the_same_bundle(box: Sandbox) -> None:
    first = build(box, box.script("a = 1"), box.model("weights"))
    again = build(box, box.script("a = 1"), box.model("weights"))
    assert first == again
    assert [path.name for path in box.home.bundles.iterdir() if path.name != ".lock"] == [first.digest]


@pytest.mark.parametrize("change", ["script", "model", "variable", "lock"])
def test_every_input_counts(box: Sandbox, change: str) -> None:
    first = build(box, box.script("a = 1"), box.model("weights"))
    lock = replace(LOCK, requirements=("six==1.16.0",)) if change == "lock" else LOCK
    second = bundle.build(
        box.home,
        box.script("a = 2" if change == "script" else "a = 1"),
        [box.model("other" if change == "model" else "weights")],
        EnvironmentSpec(variables={"A": "b"} if change == "variable" else {}),
        lock,
    )
    assert second.digest != first.digest


def test_a_script_alone_goes_alone(box: Sandbox) -> None:
    box.script("b = 2", "sibling.py")
    built = Path(build(box, box.script("a = 1")).path)
    assert [p.name for p in (built / "source").iterdir()] == ["score.py"]
    assert bundle.manifest(Bundle("", str(built)))["entry_script"] == "score.py"


def test_a_source_folder_goes_whole_under_its_own_name(box: Sandbox) -> None:
    folder = Path(box.script("a = 1", "inner/score.py").entry_script).parents[1]
    (folder / "data.csv").write_text("1,2")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"")
    (folder / "up").symlink_to(folder)  # a loop, which must end
    built = build(box, ScriptSpec("inner/score.py", str(folder)))
    top = Path(built.path) / "source" / "scripts"
    assert sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file()) == ["data.csv", "inner/score.py"]
    assert bundle.manifest(built)["entry_script"] == "scripts/inner/score.py"
    assert bundle.manifest(built)["source_directory"] == "scripts"


def test_models_lie_where_v1_scripts_look(box: Sandbox) -> None:
    one, two = box.model("1", "first", 3), box.model("2", "second", 1)
    built = build(box, box.script("a = 1"), one, two)
    assert (Path(built.path) / "azureml-models/first/3/model.txt").read_text() == "1"
    assert bundle.manifest(built)["model_dir"] == "azureml-models"
    alone = build(box, box.script("a = 1"), one)
    assert bundle.manifest(alone)["model_dir"] == "azureml-models/first/3"


def test_registered_files_are_linked_and_bare_paths_are_copied(box: Sandbox) -> None:
    registered, bare = box.model("1", "kept", 1), replace(box.model("2", "bare"), version=0)
    built = Path(build(box, box.script("a = 1"), registered, bare).path)
    assert (built / "azureml-models/kept/1/model.txt").stat().st_ino == Path(registered.path).stat().st_ino
    assert (built / "azureml-models/bare/0/model.txt").stat().st_ino != Path(bare.path).stat().st_ino


def test_a_folder_is_one_entry(box: Sandbox) -> None:
    folder = box.folder / "saved_model"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "w.bin").write_bytes(b"1")
    built = Path(build(box, box.script("a = 1"), ModelRef("m", 1, str(folder))).path)
    assert (built / "azureml-models/m/1/saved_model/deep/w.bin").read_bytes() == b"1"


def test_what_is_missing_is_named(box: Sandbox) -> None:
    with pytest.raises(FileMissing, match="no_such.py"):
        build(box, ScriptSpec(str(box.folder / "no_such.py")))
    with pytest.raises(FileMissing, match="nowhere"):
        build(box, box.script("a = 1"), ModelRef("m", 1, str(box.folder / "nowhere")))
    with pytest.raises(InvalidInput, match="path"):
        build(box, box.script("a = 1"), ModelRef("../m", 1, box.model("1").path))


def test_what_a_crash_left_is_cleaned(box: Sandbox) -> None:
    left = box.home.bundles / ".building-dead"
    left.mkdir(parents=True)
    build(box, box.script("a = 1"))
    assert not left.exists()


def test_a_full_disk_is_said_and_leaves_nothing(box: Sandbox, small_disk: Path) -> None:
    script = box.script("a = 1")
    folder = Path(script.entry_script).parent
    (folder / "big.bin").write_bytes(bytes(2 << 20))
    home = replace(box.home, path=small_disk)
    with pytest.raises(DiskFull, match="2 MB are needed"):
        bundle.build(home, ScriptSpec("score.py", str(folder)), (), EnvironmentSpec(), LOCK)
    assert not [p for p in home.bundles.iterdir() if p.name != ".lock"]

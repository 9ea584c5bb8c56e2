"""Conda specifications in PyPI's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from jupyter_mldeploy.environments.conda import translate
from jupyter_mldeploy.environments.conda_names import LIBRARIES, PROGRAMS, RENAMED, SAME
from jupyter_mldeploy.errors import InvalidInput


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("scikit-learn", "scikit-learn"),
        ("scikit-learn=0.24", "scikit-learn==0.24.*"),
        ("scikit-learn=0.24.1", "scikit-learn==0.24.1.*"),
        ("scikit-learn==0.24.1", "scikit-learn==0.24.1"),
        ("numpy=1.19.2=py38h54aff64_0", "numpy==1.19.2"),
        ("numpy==1.19.2=py38h54aff64_0", "numpy==1.19.2"),
        ("numpy>=1.16,<2", "numpy>=1.16,<2"),
        ("numpy >=1.16, <2", "numpy>=1.16,<2"),
        ("numpy 1.19.2", "numpy==1.19.2"),
        ("numpy 1.19.2 py38h54aff64_0", "numpy==1.19.2"),
        ("numpy=1.19.*", "numpy==1.19.*"),
        ("numpy 1.19.*", "numpy==1.19.*"),
        ("numpy=*", "numpy"),
        ("numpy!=1.19", "numpy!=1.19"),
        ("numpy[version='>=1.16']", "numpy>=1.16"),
        ("conda-forge::xgboost=1.3", "xgboost==1.3.*"),
        ("conda-forge/linux-64::numpy", "numpy"),
        ("PyTorch=2.1", "torch==2.1.*"),
        ("pytorch::pytorch-cpu", "torch"),
        ("py-xgboost", "xgboost"),
        ("tensorflow-gpu==2.15", "tensorflow==2.15"),
        ("matplotlib-base", "matplotlib"),
        ("tensorflow-mkl=2.3", "tensorflow==2.3.*"),
        ("py-opencv=4.5", "opencv-python-headless==4.5.*"),
        ("psycopg2", "psycopg2-binary"),
        ("keras-gpu=2.3.1", "keras==2.3.1.*"),
        ("faiss-gpu", "faiss-cpu"),
        ("librosa=0.8", "librosa==0.8.*"),
        ("libgcc", ""),
        ("libgfortran-ng=7.5.0=ha8ba4b0_17", ""),
        ("_libgcc_mutex=0.1=main", ""),
        ("ld_impl_linux-64=2.33.1", ""),
        ("mkl_random=1.2.2", ""),
        ("xorg-libx11", ""),
        ("r-ggplot2", ""),
        ("ffmpeg=4.2", ""),
        ("openssl=1.1", ""),
        ("cudatoolkit", ""),
        ("pip=20.2.4", ""),
    ],
)
def test_a_conda_specification_becomes_a_requirement(conda: str, pip: str) -> None:
    translated = translate(conda)
    assert translated.requirement == pip
    if pip:
        Requirement(pip)


def test_a_name_in_no_table_is_taken_and_marked_as_unknown() -> None:
    assert translate("some-lab-package=2").requirement == "some-lab-package==2.*"
    assert not translate("some-lab-package=2").known
    assert translate("scikit-learn").known


@pytest.mark.parametrize("conda", ["", "=1.2", "numpy=1.2|1.3", "num py pi=", "numpy[", "-n x"])
def test_what_cannot_be_said_on_pypi_is_refused_with_its_text(conda: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        translate(conda)
    assert repr(conda) in caught.value.message


def test_the_tables_say_different_things_and_name_what_pip_can_parse() -> None:
    assert not SAME & LIBRARIES
    assert not (SAME | LIBRARIES) & PROGRAMS
    assert not set(RENAMED) & (SAME | LIBRARIES | PROGRAMS)
    assert all(name != Requirement(target).name for name, target in RENAMED.items())
    assert all(name == name.lower() for name in RENAMED)
    assert len(RENAMED) + len(SAME) + len(LIBRARIES) + len(PROGRAMS) > 150


names = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5})?", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True)


@given(names, versions, st.sampled_from(["=", "==", ">=", "<=", "<", ">", "!=", " "]))
def test_every_plain_specification_gives_a_requirement_that_parses(name: str, version: str, operator: str) -> None:
    requirement = translate(f"{name}{operator}{version}").requirement
    if requirement:
        parsed = Requirement(requirement)
        if operator in ("=", "==", " "):
            assert parsed.specifier.contains(version)


@given(st.text(max_size=40))
def test_any_text_is_translated_or_refused_never_anything_else(text: str) -> None:
    try:
        translate(text)
    except InvalidInput as error:
        assert error.message

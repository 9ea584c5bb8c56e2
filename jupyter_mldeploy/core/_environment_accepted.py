"""The parts of an Environment that v1 kept for Spark, Databricks and R: accepted, kept, and without effect here."""

from __future__ import annotations

from typing import Any


class SparkPackage:
    """One Maven package for Spark."""

    def __init__(self, group: str | None = None, artifact: str | None = None, version: str | None = None) -> None:
        self.group = group
        self.artifact = artifact
        self.version = version


class SparkSection:
    """Kept for v1's sake; nothing here runs Spark."""

    def __init__(self, **kwargs: Any) -> None:
        self.repositories: list[str] = []
        self.packages: list[Any] = []
        self.precache_packages = True


class DatabricksSection:
    """Kept for v1's sake; nothing here runs Databricks."""

    def __init__(self, **kwargs: Any) -> None:
        self.maven_libraries: list[Any] = []
        self.pypi_libraries: list[Any] = []
        self.rcran_libraries: list[Any] = []
        self.jar_libraries: list[Any] = []
        self.egg_libraries: list[Any] = []


class RCranPackage:
    """One package of CRAN."""

    def __init__(self, name: str | None = None, version: str | None = None, repository: str | None = None) -> None:
        self.name = name
        self.version = version
        self.repository = repository


class RGitHubPackage:
    """One R package of GitHub."""

    def __init__(self, repository: str | None = None, auth_token: str | None = None) -> None:
        self.repository = repository
        self.auth_token = auth_token


class RSection:
    """Kept for v1's sake; nothing here runs R."""

    def __init__(self, **kwargs: Any) -> None:
        self.r_version: str | None = None
        self.snapshot_date: str | None = None
        self.rscript_path: str | None = None
        self.user_managed = False
        self.cran_packages: list[Any] = []
        self.github_packages: list[Any] = []
        self.custom_url_packages: list[Any] = []
        self.bioconductor_packages: list[Any] = []

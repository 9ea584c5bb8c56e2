"""Datastore: named folders of the workspace, where v1 had Azure's storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ._data import stores
from ._data.azure_storage_datastore import AbstractAzureStorageDatastore, opened
from ._unavailable import unavailable
from .authentication import say_once
from .exceptions import translated

if TYPE_CHECKING:
    from .workspace import Workspace

_SQL = "Read the table with pandas.read_sql, and keep it with `Dataset.Tabular.register_pandas_dataframe`."


class Datastore:
    """`Datastore(ws, name)` is the datastore of that name, without a name the default one."""

    def __new__(cls, workspace: Workspace, name: str | None = None) -> Any:
        return cls.get_default(workspace) if name is None else cls.get(workspace, name)

    @staticmethod
    @translated()
    def get(workspace: Workspace, datastore_name: str) -> AbstractAzureStorageDatastore:
        """The datastore of that name; UserErrorException lists those that exist."""
        found: AbstractAzureStorageDatastore = opened(workspace, stores.read(workspace._home, datastore_name))
        return found

    @staticmethod
    def get_default(workspace: Workspace) -> AbstractAzureStorageDatastore:
        return Datastore.get(workspace, stores.default(workspace._home))

    @staticmethod
    def register_azure_blob_container(
        workspace: Workspace,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
        blob_cache_timeout: int | None = None,
        grant_workspace_access: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
    ) -> AbstractAzureStorageDatastore:
        """Make a folder that stands in for the container. Keys and tokens are not used, and not kept."""
        asked = {"container_name": container_name, "account_name": account_name}
        return _registered(workspace, stores.StoreRecord(datastore_name, stores.BLOB, asked), overwrite)

    @staticmethod
    def register_azure_file_share(
        workspace: Workspace,
        datastore_name: str,
        file_share_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
    ) -> AbstractAzureStorageDatastore:
        """Make a folder that stands in for the file share. Keys and tokens are not used, and not kept."""
        asked = {"file_share_name": file_share_name, "account_name": account_name}
        return _registered(workspace, stores.StoreRecord(datastore_name, stores.FILE_SHARE, asked), overwrite)

    @staticmethod
    def register_azure_data_lake_gen2(
        workspace: Workspace,
        datastore_name: str,
        filesystem: str,
        account_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        grant_workspace_access: bool = False,
    ) -> AbstractAzureStorageDatastore:
        """Make a folder that stands in for the file system. Secrets are not used, and not kept."""
        asked = {"container_name": filesystem, "account_name": account_name}
        return _registered(workspace, stores.StoreRecord(datastore_name, stores.BLOB, asked), overwrite)

    @staticmethod
    def register_azure_sql_database(workspace: Workspace, datastore_name: str, *args: Any, **kwargs: Any) -> NoReturn:
        unavailable("Datastore.register_azure_sql_database", _SQL)

    @staticmethod
    def register_azure_postgre_sql(workspace: Workspace, datastore_name: str, *args: Any, **kwargs: Any) -> NoReturn:
        unavailable("Datastore.register_azure_postgre_sql", _SQL)

    @staticmethod
    def register_azure_my_sql(workspace: Workspace, datastore_name: str, *args: Any, **kwargs: Any) -> NoReturn:
        unavailable("Datastore.register_azure_my_sql", _SQL)

    @staticmethod
    def register_azure_data_lake(workspace: Workspace, datastore_name: str, *args: Any, **kwargs: Any) -> NoReturn:
        unavailable("Datastore.register_azure_data_lake", "Use register_azure_data_lake_gen2, or a folder.")


@translated()
def _registered(workspace: Workspace, record: stores.StoreRecord, overwrite: bool) -> AbstractAzureStorageDatastore:
    stores.write(workspace._home, record, overwrite=overwrite)
    store = Datastore.get(workspace, record.name)
    say_once(
        f"The datastore {record.name!r} is a folder of this machine: {store._folder}. Nothing of Azure's is read; put "
        "files there with upload_files."
    )
    return store

"""Settings: options of the command line, `CORPUS_*` and `NCBI_*` variables, and a `.env` file, in this order."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import UsageError

if TYPE_CHECKING:
    from warehouse.store import DataDirectory

# Where NLM has its baseline and update files.
NLM_FILES_URL = "https://ftp.ncbi.nlm.nih.gov/pubmed/"
NCBI_BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"


def check_zone(name: str) -> str:
    """The name of a time zone, if there is one.

    Raises:
        ValueError: There is none.
    """
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, OSError) as exc:
        raise ValueError(f"{name!r} is not a time zone; write its IANA name, such as America/New_York") from exc


class Settings(BaseSettings):
    """What a run needs to know."""

    model_config = SettingsConfigDict(
        env_prefix="CORPUS_", env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    entrez: str = Field(
        "ncbi", description="ncbi, sample (no network: the seed documents stand for NCBI), or a base URL."
    )
    seeds: Path = Field(Path("seeds"), description="Folder that says what the corpus is.")
    data_dir: Path = Field(Path("data"), description="Folder that holds the corpus.")
    ncbi_email: str | None = Field(None, validation_alias=AliasChoices("NCBI_EMAIL", "ncbi_email"))
    ncbi_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("NCBI_API_KEY", "ncbi_api_key"))
    entrez_rate: float | None = Field(
        None,
        gt=0,
        le=10,
        description="Requests a second; by default 3, or 10 with an API key, and unlimited on loopback.",
    )
    entrez_in_flight: int | None = Field(
        None, ge=1, le=50, description="Requests at a time; by default 6, or 16 at more than 3 requests a second."
    )
    entrez_timeout_s: float = Field(60, gt=0, description="Seconds of silence before an attempt is given up.")
    entrez_budget_s: float = Field(180, ge=0, description="Seconds spent on all attempts of one request.")
    no_wait: bool = Field(
        default=False, description="Stop at once where another process is writing to the data directory."
    )
    accept_drift: bool = Field(
        default=False, description="Publish even what moved further than [drift] of corpus.toml allows."
    )
    # NCBI asks for large jobs between 21:00 and 05:00 US Eastern (NBK25497).
    nightly_hour: int = Field(2, ge=0, le=23, description="Hour of the nightly refresh.")
    nightly_zone: Annotated[str, AfterValidator(check_zone)] = Field(
        "America/New_York", description="Time zone of the schedules, by its IANA name."
    )
    files: str = Field(
        "",
        description="Folders below which the deployment `ingest` reads, separated as in PATH; by default the data "
        "directory's inbox.",
    )
    sync_from: str = Field(
        NLM_FILES_URL, description="Address of `baseline/` and `updatefiles/`: NLM's, or a mirror's."
    )
    sync_files: Path | None = Field(
        None, description="Folder that gets NLM's files; by default `nlm-files` in the data directory."
    )
    run_budget_s: float = Field(
        3600, gt=0, description="Seconds without any progress after which a run that Prefect shows ends itself."
    )
    prefect_server_login: SecretStr | None = Field(
        None, validation_alias=AliasChoices("PREFECT_SERVER_API_AUTH_STRING", "prefect_server_login")
    )
    no_report: bool = Field(default=False, description="Make no report and no feed after a run.")
    notify: SecretStr | None = Field(
        None, description="Addresses that are told of what runs bring, parted by blanks: see `corpus serve --help`."
    )
    alarms_only: bool = Field(
        default=False, description="Tell them of retractions, concerns and failures, not of what is merely new."
    )
    batch_size: int = Field(200, ge=1, le=10_000, description="PMIDs in one EFetch request.")
    threads: int | None = Field(None, ge=1, le=1024, description="DuckDB's threads; by default one a core.")
    memory_mb: int | None = Field(
        None,
        ge=100,
        description="DuckDB's memory where the corpus is written; by default a quarter of memory to build afresh; "
        "else 80 MB a thread, and an eighth of the Parquet that is read.",
    )

    @property
    def addresses(self) -> list[str]:
        """Who is told of what runs bring; an address can have a password in it."""
        return self.notify.get_secret_value().split() if self.notify else []

    @property
    def directory(self) -> "DataDirectory":
        """The data directory, with what DuckDB may take for it."""
        from warehouse.store import DataDirectory  # noqa: PLC0415 - loads Arrow, which not every command needs

        return DataDirectory(self.data_dir, self.threads, self.memory_mb, self.seeds / "tables")


def check_entrez(entrez: str) -> None:
    """Check that a text says who is to be asked.

    Raises:
        UsageError: It does not.
    """
    if entrez not in ("ncbi", "sample") and not is_base_url(entrez):
        raise UsageError(f"--entrez {entrez}: write ncbi, sample, or the base URL of an E-utilities server.")


def is_base_url(text: str) -> bool:
    """Whether a text is an address over HTTP that requests can be made of."""
    try:
        parts = urlsplit(text)
        (parts.hostname or "").encode("idna")
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and is_port
    return is_http and text.isascii() and text.isprintable() and not re.search(r"[\s?#]", text)


def load_settings(**given: Any) -> Settings:
    """The settings, with values given by the caller before those of the environment; None means not given.

    Raises:
        UsageError: A value does not make sense; names it.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as exc:
        first = exc.errors()[0]
        raise UsageError(
            f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].removeprefix('Value error, ')}."
        ) from exc

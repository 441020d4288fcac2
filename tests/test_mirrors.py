"""Each module with logic has its tests at the mirrored place, or this list says where they are.

`transforms/mesh_xml.py` is tested by `tests/transforms/test_mesh_xml.py`. A module is listed below if it is a part of
something that is tested as a whole: commands as a person types them, a server through its clients, flows in Prefect.
"""

import ast
from collections.abc import Iterator

from tests.conftest import REPOSITORY

# The tests of modules without a mirror: by folder, modules, and the file beside the mirror's place or elsewhere.
ELSEWHERE: dict[str, dict[str, tuple[str, ...]]] = {
    "transforms": {
        # The arrays of a chunk, of which each module fills a part.
        "test_record_columns.py": ("columns",),
        "test_pubmed_xml.py": ("column_tables", "staged_rows", "unknown_columns"),
        # Two ways to read, which are compared.
        "test_reading_kernel.py": ("numpy_reading",),
        "test_elements.py": ("start_tags",),
        "test_pubmed_query.py": ("pubmed_fields",),
        "test_seed_extractions.py": ("seed_header",),
    },
    "warehouse": {
        # Steps of a build, which are right if the file that they make is.
        "test_build.py": ("built_checks", "check", "run_writer"),
        "test_incremental.py": ("portions",),
        "test_search.py": ("search_index",),
        "test_store.py": ("lock",),
        "test_words.py": ("compiled_choice",),
        # What the command does with them.
        "../flows/runs/test_maintenance.py": ("compact",),
        "../flows/runs/test_ingest.py": ("rejected",),
        "../flows/command/test_cli.py": ("errors",),
    },
    # Declarations, of which all are tested together.
    "warehouse/schema": {"../test_schema.py": ("books", "mesh_vocabulary", "people", "seeds")},
    # The command, run as a person runs it.
    "flows/command": {
        "test_answers.py": ("ask_commands", "terminal"),
        "test_cli.py": ("file_commands", "metrics"),
        "test_environment.py": ("options",),
        "../exports/test_export.py": ("export_command",),
        "../runs/test_doctor.py": ("diagnosis",),
    },
    "flows/corpus_search": {
        "test_ask.py": ("clauses", "mapping", "places", "statement", "vocabulary"),
        "test_marks.py": ("texts",),
        "test_rarest.py": ("sources",),
    },
    "flows/definition": {"../runs/test_ingest.py": ("paths",)},
    "flows/entrez": {
        "test_client.py": ("in_flight", "utilities"),
        "../runs/test_doctor.py": ("probe",),
    },
    # The server, asked by its clients.
    "flows/eutils_server": {
        "test_errors.py": ("app", "impatience"),
        "test_server.py": ("efetch",),
        "test_elink.py": ("einfo", "linkout"),
        "test_index.py": ("records", "store"),
        "test_esummary.py": ("summary",),
    },
    "flows/exports": {
        "test_export.py": ("columns", "corpus"),
        "test_record.py": ("bibtex", "csl", "ris"),
        "test_read_back.py": ("formats",),
        "../eutils_server/test_text_formats.py": ("abstract", "medline"),
    },
    "flows/nlm_files": {
        "test_dask.py": ("dask_pool",),
        "../runs/test_ingest.py": ("files", "reading"),
        "../runs/test_mesh.py": ("mesh_files",),
        "../runs/test_sync.py": ("file_client",),
    },
    # Prefect, with a server of its own.
    "flows/prefect_app": {
        "test_deployments.py": ("flow_parts", "heartbeat_automation", "late_runs", "serve", "unknown_parameters"),
        "test_closed.py": ("login", "ui_choices"),
    },
    "flows/report": {
        "test_notify.py": ("after_run", "digest", "feed"),
        "test_page.py": ("figures", "pictures"),
    },
    # Steps that several commands share.
    "flows/runs": {
        "test_deliveries.py": ("baseline",),
        "test_plan.py": ("links", "members"),
        "test_refresh.py": ("engine", "obtain", "report", "summary", "work"),
        "test_sync.py": ("rollover",),
        "test_reference_seeds.py": ("seed_pages",),
        "../report/test_notify.py": ("showing",),
    },
}


def modules_with_logic() -> Iterator[str]:
    """Paths of the modules that define a function or a class."""
    for path in (path for top in ("flows", "transforms", "warehouse") for path in (REPOSITORY / top).rglob("*.py")):
        body = ast.parse(path.read_bytes()).body
        if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in body):
            yield path.relative_to(REPOSITORY).as_posix()


def test_each_module_has_its_mirror_or_is_listed() -> None:
    """A reader finds the tests of a module by its name; the list has no more than it needs."""
    tests = REPOSITORY / "tests"
    listed = {
        f"{folder}/{name}.py" for folder, files in ELSEWHERE.items() for names in files.values() for name in names
    }
    without = {
        module
        for module in modules_with_logic()
        if not (tests / module).with_name(f"test_{module.rpartition('/')[2]}").exists()
    }
    assert without - listed == set(), "write a mirror, or list the tests that cover it"
    assert listed - without == set(), "it has a mirror by now, or is gone"


def test_the_list_names_files_that_are_there() -> None:
    """And each of them has tests."""
    for folder, files in ELSEWHERE.items():
        for name in files:
            path = REPOSITORY / "tests" / folder / name
            assert "def test_" in path.read_text(encoding="utf-8"), path

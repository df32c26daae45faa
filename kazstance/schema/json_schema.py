"""Records as JSON Schema, for programs in other languages that read or check rows."""

from typing import Any

from kazstance.errors import UnknownNameError
from kazstance.schema.records import TABLES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(table: str | None = None) -> dict[str, Any]:
    """The JSON Schema of a table's rows, as `kazstance export --format jsonl` writes them; without `table`, of all.

    Raises:
        UnknownNameError: there is no such table; the message lists the valid names.
    """
    if table is None:
        return {name: json_schema(name) for name in TABLES}
    if table not in TABLES:
        raise UnknownNameError(table, "table", TABLES)
    return {"$schema": DIALECT, **TABLES[table].record.model_json_schema(mode="serialization")}

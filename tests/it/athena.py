"""Reads statements as Athena's SQL and prints each as DuckDB's, one JSON text a line; of a table its columns with their types."""
import json
import sys

import sqlglot
from sqlglot import exp

for statement in sqlglot.parse(sys.stdin.read(), read="athena", error_level=sqlglot.ErrorLevel.RAISE):
    if isinstance(statement, exp.Command):
        sys.exit(f"not understood: {statement.sql()}")
    if isinstance(statement, exp.Create):
        columns = statement.this.expressions
        print(json.dumps({column.name: column.kind.sql(dialect="duckdb") for column in columns}))
    elif statement is not None:
        print(json.dumps(statement.sql(dialect="duckdb")))

"""Runs each statement of a file of SQL in DuckDB and prints the rows of the last one, one JSON list a line."""
import json
import sys

import duckdb

connection = duckdb.connect()
rows = []
for statement in connection.extract_statements(sys.stdin.read()):
    answer = connection.execute(statement)
    rows = answer.fetchall() if answer is not None and answer.description else []
for row in rows:
    print(json.dumps(row, default=str, ensure_ascii=False))

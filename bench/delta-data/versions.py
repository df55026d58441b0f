"""The rows that each version of a table added, as Arrow tables in the table's own types."""
import datetime, json, pyarrow as pa, pyarrow.parquet as pq


def added(folder, version, date_column="date"):
    """Rows of the files that a version added, with the values of partitions as columns."""
    parts = []
    for line in open(f"{folder}/_delta_log/{version:020d}.json"):
        add = json.loads(line).get("add")
        if add is None:
            continue
        table = pq.ParquetFile(f"{folder}/{add['path'].replace('%25', '%')}").read()
        for name, value in add["partitionValues"].items():
            typed = datetime.date.fromisoformat(value) if name == date_column else value
            column = pa.repeat(pa.scalar(typed), table.num_rows)
            table = table.append_column(name, column)
        parts.append(table)
    return pa.concat_tables(parts).combine_chunks()

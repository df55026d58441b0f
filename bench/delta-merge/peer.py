"""Merges the rows of one table into another. They are in memory as Arrow before it is timed."""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../delta-data"))
from deltalake import DeltaTable
from versions import added
from watch import tell, timed

table, source, merged = DeltaTable(sys.argv[1]), sys.argv[2], int(sys.argv[3])
rows = added(source, 1)
on = "target.event_id = source.event_id"
merge = table.merge(rows, on, source_alias="source", target_alias="target")
merge = merge.when_matched_update_all().when_not_matched_insert_all()
metrics = timed(merge.execute)
assert metrics["num_target_rows_inserted"] == merged / 2, metrics
tell()

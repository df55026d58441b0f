"""Merges the rows of one table into another. They are in memory as Arrow before it is timed."""
import json, os, resource, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../delta-data"))
from deltalake import DeltaTable
from versions import added

table, source, merged = DeltaTable(sys.argv[1]), sys.argv[2], int(sys.argv[3])
rows = added(source, 1)
begun = time.perf_counter()
metrics = (
    table.merge(rows, "target.event_id = source.event_id", source_alias="source", target_alias="target")
    .when_matched_update_all()
    .when_not_matched_insert_all()
    .execute()
)
seconds = time.perf_counter() - begun
assert metrics["num_target_rows_inserted"] == merged / 2, metrics
print(json.dumps({"seconds": seconds, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))

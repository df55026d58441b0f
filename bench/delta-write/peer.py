"""Appends the rows of another table's versions to a new table, timing the appends alone."""
import json, os, resource, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../delta-data"))
from deltalake import write_deltalake
from versions import added

source, folder, appends = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = 0
for version in range(1, appends + 1):
    rows = added(source, version)
    begun = time.perf_counter()
    write_deltalake(folder, rows, mode="append", partition_by=["tenant", "date"])
    seconds += time.perf_counter() - begun
print(json.dumps({"seconds": seconds, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))

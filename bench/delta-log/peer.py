"""Opens a table until the list of its files is there."""
import json, resource, sys, time
from deltalake import DeltaTable

begun = time.perf_counter()
files = DeltaTable(sys.argv[1]).file_uris()
seconds = time.perf_counter() - begun
assert len(files) == int(sys.argv[2])
print(json.dumps({"seconds": seconds, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))

"""Appends the rows of another table's versions to a new table, timing the appends alone."""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../delta-data"))
from deltalake import write_deltalake
from versions import added
from watch import tell, timed

source, folder, appends = sys.argv[1], sys.argv[2], int(sys.argv[3])
for version in range(1, appends + 1):
    rows = added(source, version)
    timed(lambda: write_deltalake(folder, rows, mode="append", partition_by=["tenant", "date"]))
tell()

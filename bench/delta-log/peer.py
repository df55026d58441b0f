"""Opens a table until the list of its files is there."""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../delta-data"))
from deltalake import DeltaTable
from watch import tell, timed

files = timed(lambda: DeltaTable(sys.argv[1]).file_uris())
assert len(files) == int(sys.argv[2])
tell()

"""Times the steps of a side in Python, and prints what it measured."""
import json, resource, time

seconds = cpu_seconds = 0


def timed(step):
    global seconds, cpu_seconds
    begun, used = time.perf_counter(), time.process_time()
    result = step()
    seconds += time.perf_counter() - begun
    cpu_seconds += time.process_time() - used
    return result


def tell():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "peakMb": peak}))

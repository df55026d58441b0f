"""The same job on Spark Structured Streaming: run brokers checkpoint_dir cards jars max_offsets. Says how many events it has processed."""
import json, sys, time
from pyspark.sql import SparkSession, functions as F
from pyspark.sql.types import StructType, StructField, StringType

run, brokers, work, cards, jars, max_offsets = sys.argv[1:7]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", jars)
    .config("spark.driver.memory", "6g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.streaming.stateStore.providerClass", "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")
    .config("spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled", "true")
    .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
    .config("spark.sql.streaming.minBatchesToRetain", "10")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")

n = int(cards)
table = spark.range(n).select(
    F.concat(F.lit("card-"), F.col("id")).alias("card_id"),
    F.concat(F.lit("C"), (F.col("id") * 7919) % 40).alias("country"),
)
table.write.mode("overwrite").parquet(f"{work}/cards")
table = spark.read.parquet(f"{work}/cards")

schema = StructType([
    StructField("id", StringType()),
    StructField("time", StringType()),
    StructField("data", StructType([StructField("card_id", StringType()), StructField("amount", StringType())])),
])
source = (
    spark.readStream.format("kafka").option("kafka.bootstrap.servers", brokers).option("subscribe", f"{run}-tx")
    .option("startingOffsets", "earliest").option("maxOffsetsPerTrigger", max_offsets).load()
)
events = (
    source.select(F.from_json(F.col("value").cast("string"), schema).alias("e"))
    .select("e.id", F.to_timestamp("e.time").alias("time"), F.col("e.data.card_id").alias("card_id"),
            F.col("e.data.amount").cast("decimal(18,2)").alias("amount"))
    .withWatermark("time", "10 minutes")
)
mode = sys.argv[7] if len(sys.argv) > 7 else "update"
unique = events.dropDuplicatesWithinWatermark(["id"])
result = (
    unique.join(F.broadcast(table), "card_id", "left")
    .groupBy(F.window("time", "1 minute"), "country")
    .agg(F.count("*").alias("orders"), F.sum("amount").alias("revenue"), F.max("time").alias("newest"))
    .select(F.to_json(F.struct(
        F.col("country").alias("key"), F.col("orders"), F.col("revenue").cast("string").alias("revenue"),
        (F.col("newest").cast("double") * 1000).cast("long").alias("newest"))).alias("value"))
)
query = (
    result.writeStream.format("kafka").option("kafka.bootstrap.servers", brokers).option("topic", f"{run}-spark-sink")
    .option("checkpointLocation", f"{work}/checkpoint").outputMode(mode).start()
)
print("ready", flush=True)
processed, seen = 0, -1
while query.isActive:
    time.sleep(0.2)
    for p in query.recentProgress:
        if p["batchId"] > seen:
            seen = p["batchId"]
            processed += p["numInputRows"]
            print(json.dumps({"at": int(time.time() * 1000), "processed": processed, "batchMs": p["durationMs"].get("triggerExecution")}), flush=True)
if query.exception():
    print(query.exception(), file=sys.stderr)

import { memoryMb } from "../processes.ts";
import { processor } from "./processor.ts";

const [events = "0", keys = "0"] = process.argv.slice(2);
const perSecond = await processor(Number(events), Number(keys));
process.stdout.write(JSON.stringify({ perSecond, rssMb: memoryMb(process.pid) }));

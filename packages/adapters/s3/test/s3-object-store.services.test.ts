import { s3ObjectStore } from "@ecap/adapter-s3";
import { objectStoreContract } from "@ecap/sdk/testing";
import { emptyAndClose, testBucket, withS3 } from "./test-bucket.ts";

withS3("ObjectStore contract: s3", () => {
  objectStoreContract("s3", async () => {
    const store = s3ObjectStore(testBucket());
    return { store, close: () => emptyAndClose(store) };
  });
});

import { dirname } from "node:path";
import { compareObjectKeys } from "../ports/object-key.ts";
import type { LocalObject, ObjectInfo, ObjectStore } from "../ports/object-store.ts";

export interface MountedObjectStoreOptions {
  readonly objects: ObjectStore;
  /** Keys that begin with this, which ends in `/`, are those of `mounted`, without it. The other store must hold none. */
  readonly at: string;
  readonly mounted: ObjectStore;
}

/** Two object stores as one: what lies below a prefix is kept in a store of its own, as an archive in a cheaper bucket. Whoever made them closes them. */
export function mountedObjectStore({
  objects,
  at,
  mounted,
}: MountedObjectStoreOptions): ObjectStore {
  /** The store of a key, and its key there. */
  const route = (key: string): readonly [ObjectStore, string] =>
    key.startsWith(at) ? [mounted, key.slice(at.length)] : [objects, key];

  const path = objects.localPath?.bind(objects);
  const mountedPath = mounted.localPath?.bind(mounted);
  return {
    get(key, range) {
      const [store, own] = route(key);
      return store.get(own, range);
    },
    put(key, bytes) {
      const [store, own] = route(key);
      return store.put(own, bytes);
    },
    putIfAbsent(key, bytes) {
      const [store, own] = route(key);
      return store.putIfAbsent(own, bytes);
    },
    delete(key) {
      const [store, own] = route(key);
      return store.delete(own);
    },
    list: (prefix, options = {}) => listBoth({ objects, at, mounted }, prefix, options.after),
    ...(path &&
      mountedPath && {
        localPath: (key: string) =>
          key.startsWith(at) ? mountedPath(key.slice(at.length)) : path(key),
        localFolders: [objects, mounted].flatMap(foldersOf),
      }),
    ...((objects.leaseLocal !== undefined || mounted.leaseLocal !== undefined) && {
      async leaseLocal(wanted: readonly LocalObject[], signal?: AbortSignal) {
        const here = wanted.filter(({ key }) => !key.startsWith(at));
        const there = wanted.filter(({ key }) => key.startsWith(at));
        const release = await objects.leaseLocal?.(here, signal);
        try {
          const own = there.map((object) => ({ ...object, key: object.key.slice(at.length) }));
          const releaseThere = await mounted.leaseLocal?.(own, signal);
          return () => {
            release?.();
            releaseThere?.();
          };
        } catch (error) {
          release?.();
          throw error;
        }
      },
    }),
  };
}

/** The folders that hold the files of a store. */
function foldersOf(store: ObjectStore): readonly string[] {
  return store.localFolders ?? (store.localPath ? [dirname(store.localPath("root"))] : []);
}

/** The keys of both in their order: all that are mounted stand together. */
async function* listBoth(
  { objects, at, mounted }: MountedObjectStoreOptions,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  if (prefix.startsWith(at)) {
    yield* listMounted(mounted, at, prefix.slice(at.length), after);
    return;
  }
  const options = after === undefined ? {} : { after };
  let isListed = !at.startsWith(prefix);
  for await (const object of objects.list(prefix, options)) {
    if (!isListed && compareObjectKeys(object.key, at) > 0) {
      isListed = true;
      yield* listMounted(mounted, at, "", after);
    }
    yield object;
  }
  if (!isListed) yield* listMounted(mounted, at, "", after);
}

async function* listMounted(
  mounted: ObjectStore,
  at: string,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const isWithin = after?.startsWith(at) === true;
  if (after !== undefined && !isWithin && compareObjectKeys(after, at) > 0) return;
  const options = isWithin && after.length > at.length ? { after: after.slice(at.length) } : {};
  for await (const { key, ...rest } of mounted.list(prefix, options))
    yield { key: at + key, ...rest };
}

import type { onnx } from "onnx-proto";

type Attribute = onnx.IAttributeProto;

/** Attributes of a node by name. */
export function attributesOf({ attribute }: onnx.INodeProto) {
  const byName = new Map<string, Attribute>(
    (attribute ?? []).map((each) => [each.name ?? "", each]),
  );
  return {
    ints: (name: string): readonly number[] => (byName.get(name)?.ints ?? []).map(Number),
    floats: (name: string): readonly number[] => byName.get(name)?.floats ?? [],
    strings: (name: string): readonly string[] =>
      (byName.get(name)?.strings ?? []).map((each) => Buffer.from(each).toString()),
    string: (name: string): string | undefined => {
      const value = byName.get(name)?.s;
      return value === null || value === undefined ? undefined : Buffer.from(value).toString();
    },
    int: (name: string): number | undefined => {
      const value = byName.get(name)?.i;
      return value === null || value === undefined ? undefined : Number(value);
    },
  };
}

import { describe, expect, test } from "vitest";
import { npyHeader, npyValues } from "../../../../ui/src/screens/artifacts/npy.ts";

function npy(dtype: string, shape: string, data: ArrayBuffer, version = 1): Uint8Array {
  const header = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const length = version === 1 ? [header.length & 255, header.length >> 8] : [header.length, 0, 0, 0];
  const text = new TextEncoder().encode(header);
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    version,
    0,
    ...length,
    ...text,
    ...new Uint8Array(data),
  ]);
}

const bytes = (write: (view: DataView) => void, length: number): ArrayBuffer => {
  const buffer = new ArrayBuffer(length);
  write(new DataView(buffer));
  return buffer;
};

describe("arrays of NumPy", () => {
  test.each([1, 2])("say their shape and type, in version %i", (version) => {
    expect(npyHeader(npy("<f4", "(3, 4)", new ArrayBuffer(0), version))).toMatchObject({ dtype: "<f4", shape: [3, 4] });
    expect(npyHeader(npy("<i8", "(7,)", new ArrayBuffer(0), version))?.shape).toEqual([7]);
    expect(npyHeader(npy("<i8", "()", new ArrayBuffer(0), version))?.shape).toEqual([]);
  });

  test("have values of every width and order of bytes", () => {
    const values = (dtype: string, data: ArrayBuffer) => {
      const file = npy(dtype, "(1,)", data);
      return npyValues(file, npyHeader(file)!, 10);
    };
    expect(
      values(
        "<f8",
        bytes((view) => view.setFloat64(0, 0.1, true), 8),
      ),
    ).toEqual([0.1]);
    for (const float of [0.1, 1 / 7, 16_777_216, Number.NaN, Number.NEGATIVE_INFINITY]) {
      const [read] = values(
        "<f4",
        bytes((view) => view.setFloat32(0, float, true), 4),
      ) as [number];
      expect(Math.fround(read)).toBe(Math.fround(float));
      if (Number.isFinite(float)) expect(String(read).length).toBeLessThan(11);
    }
    expect(
      values(
        ">i4",
        bytes((view) => view.setInt32(0, -5, false), 4),
      ),
    ).toEqual([-5]);
    expect(
      values(
        "<u8",
        bytes((view) => view.setBigUint64(0, 2n ** 63n, true), 8),
      ),
    ).toEqual([2n ** 63n]);
    expect(
      values(
        "<f2",
        bytes((view) => view.setUint16(0, 0x3e00, true), 2),
      ),
    ).toEqual([1.5]);
    expect(
      values(
        "|b1",
        bytes((view) => view.setUint8(0, 1), 1),
      ),
    ).toEqual([true]);
    expect(values("<U8", new ArrayBuffer(32))).toEqual([]);
  });

  test("are told from other bytes, and cut ones have what is there", () => {
    expect(npyHeader(new TextEncoder().encode("no array at all"))).toBeUndefined();
    const cut = npy("<f4", "(1000,)", new ArrayBuffer(10));
    expect(npyValues(cut, npyHeader(cut)!, 1000)).toEqual([0, 0]);
  });
});

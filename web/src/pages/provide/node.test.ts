import { expect, it } from "vitest";
import { hardwareOf, loadOf, nodeName } from "./node";

it("reads the load that our agent reports", () => {
  const gpus = [{ loadPercent: 93, temperatureC: 71, memoryUsedMb: 20_480 }, { loadPercent: 4 }];
  const load = loadOf({ cpuPercent: 12.5, ramUsedMB: 9_000, gpus });
  expect([load.cpuPercent, load.ramUsedMb]).toEqual([12.5, 9_000]);
  expect(load.gpus).toEqual([gpus[0], { loadPercent: 4, temperatureC: undefined, memoryUsedMb: undefined }]);
});

it("reads what plain HTTP workers report, and passes over what is no number", () => {
  expect(loadOf({ gpuUtilization: 42, temperature: 65, cpuPercent: "much" })).toEqual({
    cpuPercent: undefined,
    ramUsedMb: undefined,
    gpus: [{ loadPercent: 42, temperatureC: 65, memoryUsedMb: undefined }],
  });
  expect(loadOf({ gpus: [null, "x"] }).gpus).toEqual([]);
});

it.each([
  [{ gpuCount: 1, gpuModel: "Unknown", vram: 0 }, "Measured when it starts"],
  [{ gpuCount: 0, gpuModel: "CPU", vram: 0 }, "No GPU, AMD EPYC"],
  [{ gpuCount: 0, gpuModel: "CPU", vram: 0, cpuModel: "Unknown" }, "No GPU"],
  [{ gpuCount: 1, gpuModel: "H100", vram: 81_920 }, "H100, 80 GB"],
  [{ gpuCount: 2, gpuModel: "RTX 4090", vram: 24_564 }, "2 × RTX 4090, 24 GB each"],
  [{ gpuCount: 2, gpuModel: "RTX 4090", vram: 0 }, "2 × RTX 4090"],
  [{ gpuCount: 1, gpuModel: "Unknown", vram: 24_564 }, "GPU, 24 GB"],
])("names the hardware of %j", (node, name) => {
  expect(hardwareOf({ cpuModel: "AMD EPYC", ...node })).toBe(name);
});

it("shortens the digest that an unnamed agent calls itself by", () => {
  expect(nodeName({ machineId: "rig-1" })).toBe("rig-1");
  expect(nodeName({ machineId: "0123456789abcdef0123456789abcdef" })).toBe("Machine 0123…cdef");
});

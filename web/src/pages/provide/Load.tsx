/** What a machine is doing now. */
import { Meter } from "@base-ui/react/meter";
import { gigabytes, loadOf, type Node } from "./node";
import styles from "./Load.module.css";

export function Load({ node }: { node: Node }) {
  const { cpuPercent, ramUsedMb, gpus } = loadOf(node.metrics);
  const vramEach = node.gpuCount > 0 ? node.vram / node.gpuCount : 0;
  const many = gpus.length > 1;
  return (
    <div className={styles.load}>
      {gpus.map((gpu, index) => {
        const name = many ? `GPU ${index + 1}` : "GPU";
        return (
          <div key={name} className={styles.gpu}>
            {gpu.loadPercent !== undefined && <Bar label={name} share={gpu.loadPercent / 100} />}
            {gpu.memoryUsedMb !== undefined && vramEach > 0 && (
              <Bar
                label={`${name} memory`}
                share={gpu.memoryUsedMb / vramEach}
                text={`${gigabytes(gpu.memoryUsedMb)} of ${gigabytes(vramEach)}`}
              />
            )}
            {gpu.temperatureC !== undefined && (
              <p className={styles.line}>
                <span className="muted">{name} temperature</span>
                <span>{Math.round(gpu.temperatureC)} °C</span>
              </p>
            )}
          </div>
        );
      })}
      {cpuPercent !== undefined && <Bar label="CPU" share={cpuPercent / 100} />}
      {ramUsedMb !== undefined && node.ramTotal > 0 && (
        <Bar
          label="Memory"
          share={ramUsedMb / node.ramTotal}
          text={`${gigabytes(ramUsedMb)} of ${gigabytes(node.ramTotal)}`}
        />
      )}
    </div>
  );
}

function Bar({ label, share, text }: { label: string; share: number; text?: string }) {
  const percent = Math.round(Math.min(Math.max(share, 0), 1) * 100);
  const shown = text ?? `${percent} %`;
  return (
    <Meter.Root value={percent} className={styles.bar} getAriaValueText={() => shown}>
      <span className={styles.line}>
        <Meter.Label className="muted">{label}</Meter.Label>
        <span>{shown}</span>
      </span>
      <Meter.Track className={styles.track}>
        <Meter.Indicator className={styles.filled} />
      </Meter.Track>
    </Meter.Root>
  );
}

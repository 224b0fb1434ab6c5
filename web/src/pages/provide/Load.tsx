/** What a machine is doing now. */
import { Meter } from "@base-ui/react/meter";
import { gigabytes, type GpuLoad, loadOf, type Node } from "./node";
import styles from "./Load.module.css";

export function Load({ node }: { node: Node }) {
  const { cpuPercent, ramUsedMb, gpus } = loadOf(node.metrics);
  const many = gpus.length > 1;
  return (
    <div className={styles.load}>
      {gpus.map((gpu, index) => {
        const name = many ? `GPU ${index + 1}` : "GPU";
        return (
          <div key={name} className={styles.gpu}>
            {gpu.loadPercent !== undefined && (
              <Bar label={name} share={gpu.loadPercent / 100} and={temperature(gpu)} />
            )}
            {gpu.memoryUsedMb !== undefined && node.vram > 0 && (
              <Bar
                label={`${name} memory`}
                share={gpu.memoryUsedMb / node.vram}
                text={`${gigabytes(gpu.memoryUsedMb)} of ${gigabytes(node.vram)}`}
              />
            )}
            {gpu.loadPercent === undefined && gpu.temperatureC !== undefined && (
              <p className={styles.line}>
                <span className="muted">{name}</span>
                <span>{temperature(gpu)}</span>
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

function temperature({ temperatureC }: GpuLoad): string | undefined {
  return temperatureC === undefined ? undefined : `${Math.round(temperatureC)} °C`;
}

interface BarProps {
  label: string;
  share: number;
  /** Left out: the share in percent. */
  text?: string;
  and?: string | undefined;
}

function Bar({ label, share, text, and }: BarProps) {
  const percent = Math.round(Math.min(Math.max(share, 0), 1) * 100);
  const shown = [text ?? `${percent} %`, and].filter(Boolean).join(", ");
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

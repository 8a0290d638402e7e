// What came to each listener: the server counts by receiver, transport and signal; a person thinks of
// doors, each with an address. Pure.

export interface SignalCount {
  receiver: string;
  transport: string;
  signal: string;
  accepted: number;
  refused: number;
}

export interface Address {
  name: string;
  host: string;
  port: number;
}

export interface Door {
  name: string;
  address: string;
  /** By signal; undefined where this door takes none of that kind. */
  accepted: Partial<Record<string, number>>;
  refused: number;
}

export const kSignals: readonly [signal: string, title: string][] = [
  ['spans', 'Spans'],
  ['log_records', 'Log records'],
  ['metric_points', 'Metric points'],
];

/** A listener's port is called "otlp/grpc", or "zipkin" where there is one transport only. */
function portOf({ receiver, transport }: SignalCount, ports: readonly Address[]): Address | undefined {
  return ports.find((p) => p.name === `${receiver}/${transport}`) ?? ports.find((p) => p.name === receiver);
}

export function doorsOf(counts: readonly SignalCount[], ports: readonly Address[]): Door[] {
  const doors = new Map<string, Door>();
  for (const count of counts) {
    const key = `${count.receiver}/${count.transport}`;
    const port = portOf(count, ports);
    const door = doors.get(key) ?? { name: port?.name ?? key, address: port ? `${port.host}:${port.port}` : '', accepted: {}, refused: 0 };
    door.accepted[count.signal] = (door.accepted[count.signal] ?? 0) + count.accepted;
    door.refused += count.refused;
    doors.set(key, door);
  }
  return [...doors.values()];
}

/** The ports that take no telemetry: the page, metrics to scrape, health. */
export function otherPorts(doors: readonly Door[], ports: readonly Address[]): Address[] {
  return ports.filter((port) => !doors.some((door) => door.name === port.name));
}

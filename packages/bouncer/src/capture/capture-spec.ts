/** What the daemon asks a capture process to do: one line of JSON on its standard input. */
export interface CaptureSpec {
  readonly backend: 'pcap' | 'raw-socket';
  /** Name of a network interface, or `any`. */
  readonly interface: string;
  /** Networks that packets may be meant for; without it, only the addresses of this host. */
  readonly destination?: readonly string[] | undefined;
  readonly port: number;
  /** In the language of pcap-filter(7). */
  readonly filter: string;
  /** Those in the filter, for a backend that has none; without them, whatever comes to the port. */
  readonly gates?: readonly number[] | undefined;
  /** Whom to become once the capture is open. */
  readonly uid: number;
  readonly gid: number;
}

/** File descriptor of the pipe that the capture process writes its records to (core/capture-wire.ts). */
export const RECORDS_FD = 3;

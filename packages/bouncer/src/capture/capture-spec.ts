/** What the daemon asks a capture process to do: one line of JSON on its standard input. */
export interface CaptureSpec {
  /** Name of a network interface, or `any`. */
  readonly interface: string;
  /** In the language of pcap-filter(7). */
  readonly filter: string;
  /** Whom to become once the capture is open. */
  readonly uid: number;
  readonly gid: number;
}

/** File descriptor of the pipe that the capture process writes its records to (core/capture-wire.ts). */
export const RECORDS_FD = 3;

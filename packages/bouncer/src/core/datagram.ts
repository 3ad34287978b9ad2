/** Bytes to be judged, and where they came from as far as that says anything. */
export interface Arrival {
  /** 0 to 65527 bytes. */
  readonly payload: Uint8Array;
  /** 16 bytes, IPv6 or IPv4-mapped; `undefined` if somebody brought it who is not the sender. */
  readonly source: Uint8Array | undefined;
  /** 0 if it has none. */
  readonly sourcePort: number;
}

/** A captured UDP payload with the addresses of the headers around it. */
export interface Datagram extends Arrival {
  /** 16 bytes, IPv6 or IPv4-mapped. Nobody has proved it: anyone can write any source into a header. */
  readonly source: Uint8Array;
  /** 0 to 65535; 0 means that the sender wants no answer (RFC 768). */
  readonly sourcePort: number;
  /** 16 bytes, IPv6 or IPv4-mapped. Not necessarily an address of this host: captures are promiscuous. */
  readonly destination: Uint8Array;
  /** 0 to 65535. */
  readonly destinationPort: number;
}

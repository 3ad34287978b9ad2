/** A captured UDP payload with the addresses of the headers around it. */
export interface Datagram {
  /** 16 bytes, IPv6 or IPv4-mapped. Nobody has proved it: anyone can write any source into a header. */
  readonly source: Uint8Array;
  /** 0 to 65535; 0 means that the sender wants no answer (RFC 768). */
  readonly sourcePort: number;
  /** 16 bytes, IPv6 or IPv4-mapped. Not necessarily an address of this host: captures are promiscuous. */
  readonly destination: Uint8Array;
  /** 0 to 65535. */
  readonly destinationPort: number;
  /** 0 to 65527 bytes. */
  readonly payload: Uint8Array;
}

/** Why a frame is no datagram for this host. */
export type FrameFault =
  /** The frame ends before a header, or before the length that a header states. */
  | 'truncated'
  /** This host sent the frame itself. */
  | 'outgoing'
  /** The link layer carries something else than IPv4 or IPv6, or neither in a way that is read here. */
  | 'not-ip'
  /** IP carries another protocol than UDP, or hides it behind a header that is not followed. */
  | 'not-udp'
  /** A fragment of a packet, or the whole of one dressed up as a fragment. */
  | 'fragment'
  /** The packet is still on its way: its routing header names further hosts behind this one. */
  | 'in-transit'
  /** More VLAN tags or IPv6 extension headers than are followed. */
  | 'too-deep'
  /** A source that no host has, or an IPv4-mapped address in an IPv6 header. */
  | 'address'
  /** The headers contradict each other or the standards. */
  | 'malformed';

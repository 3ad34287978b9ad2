/** A value that the protocol does not allow was handed in by the caller. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

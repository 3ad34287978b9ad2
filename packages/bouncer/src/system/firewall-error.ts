/** The firewall did not do what it was told. The message has the tool's own words. */
export class FirewallError extends Error {
  override readonly name = 'FirewallError';
}

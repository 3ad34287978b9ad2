/** Whether a text can name a host: a name, or an address without brackets. It need not exist. */
export function isHost(text: string): boolean {
  // Control characters by their numbers: for \p{Cc}, a set of all characters would be looked through first.
  return /^[^\s\0-\x1f\x7f-\x9f/'"[\]]+$/.test(text);
}

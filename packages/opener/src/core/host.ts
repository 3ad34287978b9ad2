/** Whether a text can name a host: a name, or an address without brackets. It need not exist. */
export function isHost(text: string): boolean {
  return /^[^\s\p{Cc}/'"[\]]+$/u.test(text);
}

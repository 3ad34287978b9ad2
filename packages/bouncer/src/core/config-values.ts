import { ProtocolError } from '@bouncer-spa/protocol';
import * as v from 'valibot';
import { parseDuration } from './duration.js';
import { parseNetwork } from './network.js';
import { parsePortRange } from './port-range.js';
import { parseSetName } from './set-name.js';

/** Seconds. Anything longer is a service, not an action. */
export const DAY = 86_400;

export const text = v.pipe(v.string('expected a text in quotes'), v.nonEmpty('is empty'));
export const integer = (least: number, most: number) => {
  const reason = `expected a whole number from ${least} to ${most}`;
  return v.pipe(v.number(reason), v.integer(reason), v.minValue(least, reason), v.maxValue(most, reason));
};
export const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.array(item, 'expected a list in square brackets');
/** A list, or one item that stands for a list of it. */
export const oneOrMore = <Item extends v.GenericSchema>(item: Item) => {
  const one = v.pipe(
    item,
    v.transform((value) => [value]),
  );
  const more = v.pipe(listOf(item), v.nonEmpty('is empty'));
  return v.lazy((input) => (Array.isArray(input) ? more : one));
};
export const choice = <const Options extends readonly string[]>(options: Options) =>
  v.picklist(options, `expected one of ${options.map((option) => `"${option}"`).join(', ')}`);

/** A text that `parse` understands; where it does not, `parse` says why. */
const parsed = <Value>(parse: (text: string) => { value: Value } | { reason: string }) =>
  v.pipe(
    text,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const result = parse(dataset.value);
      if ('value' in result) return result.value;
      addIssue({ message: result.reason });
      return NEVER;
    }),
  );

export const duration = parsed((value) => {
  const seconds = parseDuration(value);
  return seconds === undefined
    ? { reason: 'expected a duration such as "30s", "10m", "1h" or "7d"' }
    : { value: seconds };
});
/** All networks, in one place: of 100,000 clients, each would have a copy. */
export const EVERYWHERE = ['0.0.0.0/0', '::/0']
  .map(parseNetwork)
  .filter((result) => typeof result !== 'string');
/** The same for what returns a sentence instead of a value. */
export const parsedOr = <Value extends object>(parse: (text: string) => Value | string) =>
  parsed((value) => {
    const result = parse(value);
    return typeof result === 'string' ? { reason: result } : { value: result };
  });
export const network = parsedOr(parseNetwork);
export const portRange = parsedOr(parsePortRange);
export const setName = parsedOr(parseSetName);
/** Kept as it is written, for the capture process to read. */
export const networkText = parsed((value) => {
  const result = parseNetwork(value);
  return typeof result === 'string' ? { reason: result } : { value };
});
export const ofProtocol = <Value>(parse: (text: string) => Value) =>
  parsed((value) => {
    try {
      return { value: parse(value) };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { reason: error.message };
    }
  });
export const wholeArgument = parsed((value) => {
  try {
    // By itself first: "a)|(b" would be one only between the brackets added here.
    new RegExp(value, 'u');
    return { value: new RegExp(`^(?:${value})$`, 'u') };
  } catch {
    return { reason: 'is not a regular expression' };
  }
});
const word = v.pipe(text, v.regex(/^[^\0]*$/, 'has a NUL character'));
const interfaceName = v.pipe(
  text,
  v.regex(/^[^\s/]{1,15}$/, 'expected the name of a network interface, or "any"'),
);
export const moment = v.pipe(
  v.date('expected a date such as 2027-06-30 or a time such as 2027-06-30T12:00:00Z, without quotes'),
);

export const commandLine = v.pipe(listOf(word), v.nonEmpty('is empty: the first word is the program'));

const oneInterface: v.GenericSchema<unknown, string[]> = v.pipe(
  interfaceName,
  v.transform((name) => [name]),
);
const severalInterfaces: v.GenericSchema<unknown, string[]> = v.pipe(
  v.array(interfaceName),
  v.nonEmpty('is empty: nothing would be heard'),
);
export const interfaceNames = v.lazy((value) => (Array.isArray(value) ? severalInterfaces : oneInterface));

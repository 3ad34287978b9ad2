import { minute } from '@bouncer-spa/protocol';
import { Examiner } from '../core/diagnosis.js';
import { readCapturedDatagrams, UnreadableCaptureError } from '../system/capture-file.js';
import { loadConfig } from '../system/config-file.js';
import { CONFIG_OPTION, defineCommand } from './command.js';
import { ExitCode } from './exit-code.js';
import { Failure, reporting, withFile } from './failure.js';
import { Findings } from './findings.js';
import { UsageError } from './usage-error.js';

export const command = defineCommand({
  usage: 'bouncer explain [OPTIONS] FILE.pcap',
  about: `Says of each datagram in a capture file (pcap or pcapng, as tcpdump and
Wireshark write them) why it is accepted or not, by the config as it is now.
Nothing is acted on. Without --at, each is judged at the time at which it was
captured.`,
  options: {
    config: CONFIG_OPTION,
    at: { type: 'string', value: 'TIME', text: 'judge as at that time, such as 2026-11-25T12:00:00Z' },
    json: { type: 'boolean', default: false, text: 'print JSON, an object a line' },
  },
  examples: [
    'tcpdump -i any -w knocks.pcap udp port 51324',
    'bouncer explain knocks.pcap',
    'bouncer explain --at 2026-11-25T12:00:00Z knocks.pcap',
  ],
  run({ config, at, json }, words) {
    const [file, ...more] = words;
    if (file === undefined || more.length > 0) throw new UsageError('expected one capture file');
    return explain({ config, file, at: at === undefined ? undefined : timeOf(at), json });
  },
});

function timeOf(text: string): number {
  const time = Date.parse(text);
  // Without an offset, Date would take the local time of whoever asks.
  if (Number.isNaN(time) || time < 0 || !/(?:Z|[+-]\d\d:\d\d)$/.test(text))
    throw new UsageError(`--at: expected a time such as 2026-11-25T12:00:00Z, got "${text}"`);
  return time;
}

interface Wish {
  readonly config: string;
  readonly file: string;
  /** Unix time in milliseconds. */
  readonly at: number | undefined;
  readonly json: boolean;
}

function explain({ config, file, at, json }: Wish): Promise<ExitCode> {
  return reporting(async () => {
    if (process.geteuid?.() !== 0)
      throw new Failure('explain needs root, to read the seeds: try it with sudo');
    const { policy, capture } = await loadConfig(config);
    const findings = new Findings(new Examiner(policy, { floor: minute(0), tags: [] }), json);
    try {
      const report = await withFile(file, () =>
        readCapturedDatagrams(file, capture.user, capture.port, (datagram, unix) => {
          findings.take(datagram, { unix: at ?? unix, monotonic: unix });
        }),
      );
      findings.passOver(report);
    } catch (error) {
      if (!(error instanceof UnreadableCaptureError)) throw error;
      throw new Failure(`${file}: ${error.message}`);
    } finally {
      findings.close();
    }
  });
}

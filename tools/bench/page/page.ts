import { labelOf } from '../contenders.js';
import { goalsOf, isReached, type Goal } from '../goals.js';
import type { Results } from '../results.js';
import {
  clientsSection,
  clusterSection,
  floodSection,
  idleSection,
  latencySection,
  memorySection,
  openerSection,
  startSection,
} from './sections.js';
import { EXPLANATION } from './explanation.js';
import { count, figure, table } from './table.js';

/** The whole page, in Markdown. */
export function pageOf(results: Results): string {
  const sections = [
    head(results),
    goals(results),
    EXPLANATION,
    latencySection(results),
    floodSection(results),
    clientsSection(results),
    idleSection(results),
    memorySection(results),
    openerSection(results),
    startSection(results),
    clusterSection(results),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head({ machine, date, seconds, command, repetitions, failures, remark }: Results): string {
  const { versions } = machine;
  const busy =
    machine.busyCores > 0.1 * machine.cores
      ? `\n\n**The machine was busy when this began (${figure(machine.busyCores)} cores): do not rely on these numbers.**`
      : '';
  const failed = failures
    .map(
      ({ measure, reason }) => `\n\n**${measure} could not be measured**: ${reason.split('\n', 1)[0] ?? ''}`,
    )
    .join('');
  const remarked = remark === undefined ? '' : `\n\n${remark}`;
  return `# Benchmarks

Made by \`${command}\`, which writes all of this directory and needs nothing but root on
Debian: it installs the peers, makes network namespaces, removes them again. All listeners
ran on one machine, in turn, up to ${repetitions} time${repetitions === 1 ? '' : 's'}, with the same tiny C program as their action. Numbers
are medians, with the least and the most in brackets; each single one is in
[results.json](results.json).${busy}${failed}${remarked}

${table(
  ['', ''],
  [
    ['date', date],
    ['took', `${Math.round(seconds)} s`],
    [
      'machine',
      `${machine.processor}, ${machine.cores} cores, ${figure(machine.memory / 2 ** 30)} GiB, ${figure(machine.busyCores)} cores busy before`,
    ],
    ['system', `${machine.system}, Linux ${machine.kernel}, ${machine.fileSystem}`],
    ['commit', machine.commit],
    ...Object.entries(versions),
  ].map(([name = '', value = '']) => [name, value]),
)}

${labelOf('floor-c')} is a program with libpcap and \`posix_spawn\` that compares sixteen bytes;
the bare Node ones do the same with \`cap\` and \`child_process\`, with a synced record of each
packet and without. None of them checks anything: they are what the platform costs.`;
}

function goals(results: Results): string {
  const rows = goalsOf(results).map((goal) => [
    goal.what,
    `${goal.bound} ${withUnit(goal.goal, goal)}`,
    withUnit(goal.measured, goal),
    verdict(goal),
  ]);
  return rows.length === 0 ? '' : `## Goals\n\n${table(['', 'goal', 'measured', ''], rows)}`;
}

function verdict(goal: Goal): string {
  const { goal: wanted, measured, unit } = goal;
  if (Number.isNaN(measured)) return 'not measured';
  if (isReached(goal)) return 'reached';
  if (unit === 'packets') return `**missed by ${count(Math.round(Math.abs(measured - wanted)))}**`;
  return `**missed by ${figure(Math.abs(measured / wanted - 1) * 100)} %**`;
}

function withUnit(value: number, { unit }: Goal): string {
  const suffix = { times: ' ×', '%': ' %', packets: '' };
  return Number.isNaN(value) ? '–' : `${figure(value)}${suffix[unit]}`;
}

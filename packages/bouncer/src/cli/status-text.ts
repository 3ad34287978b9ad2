import type { ClusterStatus, MemberStatus } from '../core/cluster-status.js';
import type { CaptureStatus, GuardStatus, Status } from '../core/status.js';
import { agoText, spanBetween, spanText } from './span.js';
import type { Style } from './style.js';
import { tableText, type Cell } from './table.js';

/** Seconds after which a gateway that is not heard of is worth a look. */
const LONGEST_SILENCE = 5;

/** The status for a person to read. */
export function statusText(status: Status, style: Style): string {
  const rows: Cell[][] = [
    ['bouncer', `${status.version}, process ${status.pid}, up ${spanText(status.uptime_seconds)}`],
    ['server', status.server],
    ['config', `${status.config.file}, read ${agoText(status.config.loaded, status.time)}`],
    ...status.config.problems.map((problem): Cell[] => ['', ['bad', problem]]),
    ...status.captures.flatMap((capture) => captureRows(capture, status.time)),
    ['accepted', String(status.accepted)],
    ['rejected', countsText(status.rejected)],
    ['actions', `${status.actions.running} running, at most ${status.actions.most}`],
    ['guard', guardCell(status.guard, status.time)],
    ...(status.cluster === null ? [] : clusterRows(status.cluster, status.time)),
    ['grants', grantsCell(status)],
    ['replay cache', replayText(status)],
  ];
  return `${tableText(rows, style)}\n${clientsText(status, style)}`;
}

function captureRows(capture: CaptureStatus, time: string): Cell[][] {
  return [['capture', captureCell(capture, time)], ...lossRows(capture, time)];
}

function captureCell(capture: CaptureStatus, time: string): Cell {
  const { listening, interface: device, port, since } = capture;
  const where = `${device}, udp port ${port}`;
  const span = spanBetween(since, time);
  return listening
    ? ['good', `listening on ${where} for ${span}`]
    : ['bad', `not listening on ${where} for ${span}`];
}

function lossRows(capture: CaptureStatus, time: string): Cell[][] {
  const { losses, last_loss: last, dropped, refused } = capture;
  const rows: Cell[][] = [];
  if (last !== null) {
    rows.push(['', `lost ${losses} times, last ${agoText(last.time, time)}: ${last.reason}`]);
  }
  if (dropped > 0) rows.push(['', ['bad', `${dropped} datagrams dropped: they came too fast`]]);
  if (Object.keys(refused).length > 0) rows.push(['', `frames refused: ${countsText(refused)}`]);
  return rows;
}

function guardCell(guard: GuardStatus, time: string): Cell {
  switch (guard.state) {
    case 'none':
      return 'closes nothing';
    case 'closed':
      return ['good', 'in place'];
    case 'trial':
      return `on trial for ${spanText(guard.seconds)} more: bouncer confirm keeps it`;
    case 'lifted':
      return ['bad', `its trial was not confirmed: ${liftedText(guard.closed)}`];
    case 'failing':
      return ['bad', `failing for ${spanBetween(guard.since, time)}: ${guard.reason}`];
  }
}

function clusterRows(cluster: ClusterStatus, time: string): Cell[][] {
  return [['cluster', clusterCell(cluster, time)], ...cluster.members.map(memberRow)];
}

function clusterCell(
  { state, since, reason, on_failure: onFailure, behind, members }: ClusterStatus,
  time: string,
): Cell {
  const span = spanBetween(since, time);
  if (state === 'trusted') {
    return ['good', `${members.length} other gateways, store relied on for ${span}${behindText(behind)}`];
  }
  const what = state === 'away' ? 'cannot be reached' : 'cannot be relied on';
  const then = onFailure === 'closed' ? 'nothing is accepted' : 'packets are checked here alone';
  return ['bad', `store ${what} for ${span}: ${reason ?? ''}; ${then}`];
}

function memberRow({ id, name, silent_seconds: silent, behind }: MemberStatus): Cell[] {
  const text = `${name} (${id}), heard of ${spanText(silent)} ago${behindText(behind)}`;
  return ['', silent > LONGEST_SILENCE ? ['bad', text] : text];
}

function behindText(behind: number): string {
  return behind === 0 ? '' : `, ${behind} changes of grants behind`;
}

function liftedText(closed: readonly string[]): string {
  return closed.length === 0 ? 'nothing is closed' : `closed as before are ${closed.join(', ')}`;
}

function grantsCell({ grants: { live, failing } }: Status): Cell {
  return failing === 0 ? String(live) : ['bad', `${live}, ${failing} failing: see bouncer grants`];
}

function replayText({ replay_cache: { tags, floor } }: Status): string {
  return floor === null ? `${tags} packets` : `${tags} packets, nothing from before ${floor}`;
}

/** The most frequent first. */
function countsText(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return '0';
  const sum = entries.reduce((total, [, count]) => total + count, 0);
  return `${sum} (${entries.map(([name, count]) => `${name} ${count}`).join(', ')})`;
}

function clientsText({ clients, time }: Status, style: Style): string {
  const head: Cell[] = ['CLIENT', 'LAST ACCEPTED', 'ACTION', 'ADDRESS'].map((title) => ['strong', title]);
  const rows = clients.map(({ name, last_accepted: last }): Cell[] =>
    last === null
      ? [name, ['faint', 'not since the start']]
      : [name, agoText(last.time, time), last.action, last.address],
  );
  return tableText([head, ...rows], style);
}

/** What the time goes into, and what was tried where a goal is missed: the part of the page that people write. */
export const EXPLANATION = `## What the time goes into

From profiles (\`node --cpu-prof\`) and small measurements, made apart from this run and with other load on
the machine: they say where the time goes, not how long it takes on a quiet one.

**Acceptance.** A datagram goes from the kernel through the capture process and a pipe to the daemon, where it is
judged (some 0.4 ms), recorded (1 ms: a synced write of LevelDB, which hops to another thread and back), and acted on
(3 ms). The bare Node program is one process, checks nothing and calls \`fdatasync\` once. Most of the time is
the start of the action's process: \`fork\` copies the page tables of all memory outside of V8's heap, which V8
exempts from it. Starting a process took 2 ms in a bare Node, 14 ms with 100 MB of buffers, and 5 ms with 180 MB of
JavaScript objects. That is also why a valid packet costs more with 100,000 clients.
Done: the acceptor no longer looks client and action up by name, the process is started before the decision is
logged, seeds share memory, where 100,000 had 39 MB outside of the heap, and the locators are in buffers that fork
does not copy: of 38 MB with 100,000 clients, 19 MB are left. Not done: a small process that starts the others.

**Flood with a sniffed gate and locator.** All of that junk passes the kernel's filter. \`cap\` takes 64 KiB of the ring for
each frame, so 8 MiB hold 128 frames, and what comes faster than JavaScript reads frames is lost in the kernel, valid or
not. A ring of four times the size (48 MB more of resident memory) only moved the losses on to the pipe; to write no sooner than
when a turn of the event loop brings no frame made no difference. The daemon is the narrower part: most of what it does for junk is to
check tags, two hashes each, and it reads nothing while it starts an action. A share for each locator was not tried. fwknopd looks every 100 ms and was seen to take
the last datagram of those that came in between, so that any junk at its port hides valid packets.

**Start.** It starts the capture process and one that will read the store (a damaged one would end the daemon), and while
Node.js starts in them, it loads its own code and reads the config; then both are told what to do. What counts is the
processor time of three starts of Node on few cores, and after it the store and the firewall: nothing is
said to listen before they are known. Each program is one file in the package. Side by side, 24 starts each, this took
two thirds of the time that it took before. With 100,000
clients in one file, some 60 % of the time go into reading and checking them, and most of the rest into the locators of
the current minute, two HMACs a client. One of the two is left to a thread: side by side, with a packet each 20 ms,
the first was accepted 1.7 to 2 s after the start instead of 2.1 to 2.5 s, on a machine that was slower than at other times; a second was not
reached there. What comes before the config is read is not heard. A reload with them takes seconds, and longer where acting on the
packets that arrive meanwhile leaves little of a slow processor; it loses nothing.

**Memory** is that of two Node.js processes, of which the capture process has nothing but \`cap\`. **While idle** the daemon
looks at the clock every second, and the capture process looks after its socket and reports as often; to do so less
often would be to notice a lost interface, a step of the clock or a capture that hangs later. A bare Node with a timer of a second takes
0.015 % of a core, and these are two of them, a read of a table, a write and a read of a pipe. Eight seconds after a start, V8 collects
its garbage twice in each process, some 0.1 s of processor time in all, and then no more: what is measured here begins after that. 16 MB are the ring that the
kernel shares with the capture process.

**opener**, of its 20 to 30 ms over the bare \`node\`: 8 ms are those of a program that only loads \`node:crypto\` and \`node:dgram\`
and sends 200 bytes, 3 ms compile its 51 KB, the rest reads the profile, seals and sends, and compiles what that
calls. V8's code cache would save 4 ms; docs/decisions.md says why there is none. \`NODE_EXTRA_CA_CERTS\` in the environment
adds 50 ms to both, and makes the one look more like the other.`;

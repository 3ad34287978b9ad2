/** What dpkg is told about the package (deb-control(5)). */
export interface PackageFacts {
  readonly version: string;
  /** As dpkg names it. */
  readonly architecture: string;
  /** KiB. */
  readonly installedSize: number;
}

const MAINTAINER = 'The bouncer authors <bouncer@localhost>';

/** The changelog that Debian wants, which points to the one that people read. */
export function changelogText(version: string, date: Date): string {
  return `bouncer (${version}) stable; urgency=medium

  * See CHANGELOG.md.

 -- ${MAINTAINER}  ${date.toUTCString().replace('GMT', '+0000')}
`;
}

export function controlText({ version, architecture, installedSize }: PackageFacts): string {
  return `Package: bouncer
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedSize}
Depends: adduser, libc6 (>= 2.28), libgcc-s1, libpcap0.8, libstdc++6, nftables
Section: net
Priority: optional
Description: single-packet authorization: one encrypted datagram opens the door
 bouncer reads UDP datagrams off the wire without an open port, and runs the
 one action that an authentic one names, such as letting its sender reach
 ssh for some seconds. To everybody else the host looks as if it were not
 running. opener is the client.
 .
 The package has a Node.js of its own.
`;
}

import { expect, it } from 'vitest';
import { readListeningPorts } from './listening-ports.ts';

// Lines of a real /proc/net/tcp and tcp6: an SSH server, MariaDB on loopback, a connection from port 40000, one on IPv6.
const TEXT = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 2 1 0 100 0 0 10 0
   2: 0100007F:9C40 0100007F:0CEA 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:2706 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
`;

it('the ports that something listens on are found, and those of connections are not', () => {
  expect([...readListeningPorts(TEXT)]).toEqual([22, 3306, 9990]);
});

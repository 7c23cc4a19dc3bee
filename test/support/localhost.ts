/** For a process that asks the emulator for the URLs of queues: their host is a name of its own under `localhost`. */
import { interceptLocalhostDns } from 'fauxqs';

interceptLocalhostDns();

import { quoteLocation } from '../../copies/quote-location.ts';
import type { Writer, WrittenCopy } from '../../copies/writer.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { findPast, hasWritten, tellApart } from '../../retention/own-copies.ts';
import type { Status } from '../../status/entries.ts';
import type { JobContext } from '../job-context.ts';

type Context = Pick<JobContext, 'host' | 'destination' | 'warnLasting'>;

/**
 * The copies in a status of the destination that are not another machine's or server's of the same host name. Warns of those that are,
 * and of a machine or server that is new there.
 */
export function findOwn<C extends RecordedCopy>(
  kind: Kind<C>,
  status: Status,
  us: Writer,
  context: Context,
): readonly C[] {
  const copies = kind.copies(status);
  const apart = tellApart(copies, us);
  const [other] = apart.others;
  const [past] = findPast(apart, us);
  if (other !== undefined) warnOfOther(other, us, context);
  else if (past !== undefined && !hasWritten(copies, us)) warnOfPast(past, us, context);
  return apart.ours;
}

/** Of one for all kinds of copies: the next run shows whether there are more. */
function warnOfOther(copy: WrittenCopy, us: Writer, { host, destination, warnLasting }: Context): void {
  const { what, theirs, ours } = compare(copy, us);
  warnLasting(
    `other ${what}`,
    `Another ${what} is backed up under the host name ${host}: ${quoteLocation(destination.locate(copy.key))} is of ${theirs}, this is ${ours}. ` +
      `The copies of the other ${what} are neither counted nor deleted, and nothing continues them\n` +
      (what === 'machine'
        ? 'Give one of the two machines another [host] name. If they are one, such as a container that is made anew, give both configurations the same.'
        : 'Give each server a configuration of its own with another [host] name.'),
    what,
  );
}

function warnOfPast(copy: WrittenCopy, us: Writer, { host, warnLasting }: Context): void {
  const { what, theirs, ours } = compare(copy, us);
  warnLasting(
    `new ${what}`,
    `The copies of ${host} so far are of ${theirs}, this is ${ours}: its first backup under that name deletes nothing. ` +
      `From the next one on they count as its own, unless the other ${what} makes more\n` +
      (what === 'machine'
        ? 'If this comes again, the ID of this machine is lost after each run, as in a container: set [host] name to the name that it is to keep.'
        : 'If this comes again, two servers are backed up under one host name: give each a configuration of its own with another [host] name.'),
    what,
  );
}

/** What tells the writer of a copy from us, and by which ID. */
function compare(
  copy: WrittenCopy,
  us: Writer,
): { what: 'machine' | 'server'; theirs: string; ours: string } {
  const what = copy.machineId === us.machineId ? 'server' : 'machine';
  const name = ({ machineId, server }: Writer) =>
    `${what} ${showId(String(what === 'machine' ? machineId : server))}`;
  return { what, theirs: name(copy), ours: name(us) };
}

/** Longer than an ID of ours or a name that may be given. */
const SHOWN_LENGTH = 255;

/** Whoever can write to the destination chooses what is in a status. */
function showId(id: string): string {
  return quoteLocation(id.length > SHOWN_LENGTH ? `${id.slice(0, SHOWN_LENGTH)}…` : id);
}

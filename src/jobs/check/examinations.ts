import type { Media } from '../../copies/key.ts';
import type { Attributes } from '../../status/entries.ts';
import type { FoundCopy } from '../find/list-copies.ts';
import type { JobContext } from '../job-context.ts';
import type { Examined, Surroundings } from './checked-copy.ts';
import { examineBinlog } from './examine-binlog.ts';
import { examineFileCopy } from './examine-file-copy.ts';
import { examineMysqlCopy, findMissingParent, findNeedOfParent } from './examine-mysql-copy.ts';

/** How copies of one kind are looked at. */
interface Examination {
  /** Reads a copy to its end; throws when it is not whole. */
  readonly examine: (found: FoundCopy, context: JobContext, surroundings: Surroundings) => Promise<Examined>;
  /** Why a copy with these attributes is of no use by itself; undefined when nothing is known against it. */
  readonly findLack?: (attributes: Attributes, isThere: Surroundings['isThere']) => Error | undefined;
  /** Why a copy that would get these attributes is of no use without them; undefined when it can be restored unlisted. */
  readonly findNeed?: (attributes: Attributes) => Error | undefined;
}

export const EXAMINATIONS: { readonly [M in Media]: Examination } = {
  files: { examine: examineFileCopy },
  mysql: { examine: examineMysqlCopy, findLack: findMissingParent, findNeed: findNeedOfParent },
  binlog: { examine: examineBinlog },
};

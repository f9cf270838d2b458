import { describe, expect, it } from 'vitest';
import { upstream } from '../../../test/fixtures/upstream.ts';
import { flavourOf } from '../flavours.ts';
import { adviseReplication } from './advise-replication.ts';

const flavour = flavourOf('mariadb', '10.11.19');
const advise = (settings: Record<string, string>, filters: Record<string, string>, upstreams = [upstream]) =>
  adviseReplication({ flavour, setup: { settings, unit: undefined, filters, upstreams } }).join('\n');

describe('the advice about replication', () => {
  it('is none for a server that logs all it does, or of which nothing was recorded', () => {
    expect(advise({ log_slave_updates: 'OFF' }, {}, [])).toBe('');
    expect(adviseReplication({ flavour, setup: undefined })).toEqual([]);
  });

  it('says where a replica was, and what its own logs lack', () => {
    const text = advise({ log_slave_updates: 'OFF' }, {});
    expect(text).toContain('a replica of db0:3306, at mysql-bin.000007, position 42 when');
    expect(text).toContain('is not in its own logs (log_slave_updates=OFF)');
    expect(advise({ log_slave_updates: 'ON' }, {})).not.toContain('own logs');
  });

  it('says it too where the account might not know of which server', () => {
    const unknown = { ...upstream, host: '', port: '', user: '', binlog: '', position: '' };
    const text = advise({ log_slave_updates: 'OFF' }, {}, [unknown]);
    expect(text).toContain(
      'a replica of a server that is not known, as the account for backups has no SLAVE MONITOR, when',
    );
    expect(text).toContain('is not in its own logs (log_slave_updates=OFF)');
  });

  it('names filters', () => {
    const text = advise({}, { Binlog_Ignore_DB: 'tmp', Replicate_Do_DB: 'shop' }, []);
    expect(text).toContain('Its logs do not have everything (Binlog_Ignore_DB: tmp)');
    expect(text).toContain('it did not apply everything (Replicate_Do_DB: shop)');
  });
});

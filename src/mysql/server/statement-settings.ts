import type { ServerSetup } from '../../copies/mysql-copy.ts';

/**
 * Variables that decide what a replayed statement makes, and that no log has: of a table without ENGINE or ROW_FORMAT, with an option that its engine does
 * not know, of a TIMESTAMP without a default, of GROUP_CONCAT and of a division. Source: "Replication and Variables" in the manual of MySQL.
 */
export const MEANINGS: readonly string[] = [
  'default_storage_engine',
  'div_precision_increment',
  'explicit_defaults_for_timestamp',
  'group_concat_max_len',
  'innodb_default_row_format',
  'innodb_strict_mode',
];

/** A server that lacks its default engine does not start. */
const ENGINES = /^(InnoDB|MyISAM|Aria|MEMORY)$/i;

/** The lines of an option file that give a server what was recorded of them; what is no plain word or number is left out, and an engine that not every server has. */
export function statementSettings(setup: ServerSetup | undefined): string[] {
  return MEANINGS.flatMap((name) => {
    const value = setup?.settings[name];
    const allowed = name === 'default_storage_engine' ? ENGINES : /^\w+$/;
    return value !== undefined && allowed.test(value) ? [`loose-${name.replaceAll('_', '-')}=${value}`] : [];
  });
}

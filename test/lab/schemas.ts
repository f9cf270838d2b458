import type { MariadbServer } from './mariadb.ts';

export interface SchemasOptions {
  /** Tables in the schema `many`, a few rows in each: for open files, long lists, and time. */
  readonly tables?: number;
  /** Rows in most tables of the schema `shop`. */
  readonly rows?: number;
  /** One more table in `shop`; the server needs the lines of `encryptionLines`. */
  readonly encrypted?: boolean;
}

/**
 * Fills a fresh server with one table of every kind that a backup can get wrong: engines, row formats, partitions,
 * generated columns, four-byte text, blobs, odd names, a view, a trigger, a procedure. Needs MariaDB.
 */
export async function loadSchemas(server: MariadbServer, options: SchemasOptions = {}): Promise<void> {
  const { tables = 10, rows = 200, encrypted = false } = options;
  const connection = await server.connect();
  try {
    await connection.query('CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4');
    await connection.query('USE shop');
    const statements = [...shop(rows), ...(encrypted ? [ENCRYPTED] : []), ...odd, ...many(tables)];
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Lines for `startMariadb` and `startOn`: encryption at rest with the key in `keyFile`, which `ENCRYPTION_KEY` fills. */
export const encryptionLines = (keyFile: string): string[] => [
  'plugin_load_add = file_key_management',
  `file_key_management_filename = ${keyFile}`,
  'innodb_encrypt_log = ON',
];

/** A key for tests: known to everybody. */
export const ENCRYPTION_KEY = `1;${'0123456789abcdef'.repeat(4)}\n`;

const ENCRYPTED = `CREATE TABLE secrets (id INT PRIMARY KEY, v VARCHAR(200)) ENCRYPTED=YES
  SELECT seq AS id, REPEAT(MD5(seq), 5) AS v FROM seq_1_to_100`;

// 0x… are the UTF-8 bytes of four-byte characters: faces, an old script, a flag of two halves.
const FACES = 'CONVERT(0xF09F9880F09F92BEF0908D88F09F87A9F09F87AA USING utf8mb4)';

const shop = (rows: number): string[] => {
  const numbers = `seq_1_to_${rows}`;
  const text = `SELECT seq AS id, REPEAT(MD5(seq), 1 + seq MOD 20) AS v FROM ${numbers}`;
  return [
    `CREATE TABLE orders (
       id INT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60) NOT NULL, total DECIMAL(12,2) NOT NULL,
       placed TIMESTAMP(6) NOT NULL, note TEXT NULL,
       gross DECIMAL(14,4) GENERATED ALWAYS AS (total * 1.19) STORED,
       initial CHAR(1) GENERATED ALWAYS AS (LEFT(customer, 1)) VIRTUAL,
       KEY (initial), KEY (placed), FULLTEXT KEY (note))`,
    `INSERT INTO orders (customer, total, placed, note)
       SELECT CONCAT('Customer ', MD5(seq)), seq * 1.01, '2026-01-01' + INTERVAL seq * 977 SECOND,
              CASE seq MOD 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE CONCAT('note ', seq, ${FACES}) END FROM ${numbers}`,
    `CREATE TABLE items (
       id INT AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, what VARCHAR(100),
       FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE)`,
    `INSERT INTO items (order_id, what) SELECT id, CONCAT('item of ', id) FROM orders`,
    // Without a primary key, and with rows that are there twice.
    `CREATE TABLE twins ENGINE=InnoDB SELECT seq DIV 2 AS id, 'twin' AS v FROM ${numbers}`,
    `CREATE TABLE my_isam (id INT PRIMARY KEY, v TEXT, KEY (v(20))) ENGINE=MyISAM ${text}`,
    `CREATE TABLE aria (id INT PRIMARY KEY, v TEXT) ENGINE=Aria TRANSACTIONAL=1 ${text}`,
    `CREATE TABLE aria_unsafe (id INT PRIMARY KEY, v TEXT) ENGINE=Aria TRANSACTIONAL=0 ${text}`,
    `CREATE TABLE csv (id INT NOT NULL, v TEXT NOT NULL) ENGINE=CSV ${text}`,
    `CREATE TABLE by_range (id INT PRIMARY KEY, v TEXT)
       PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (50), PARTITION high VALUES LESS THAN MAXVALUE) ${text}`,
    `CREATE TABLE by_key (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM PARTITION BY KEY () PARTITIONS 3 ${text}`,
    `CREATE TABLE compressed (id INT PRIMARY KEY, v TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 ${text}`,
    `CREATE TABLE page_compressed (id INT PRIMARY KEY, v TEXT) PAGE_COMPRESSED=1 ${text}`,
    `CREATE TABLE redundant (id INT PRIMARY KEY, v TEXT) ROW_FORMAT=REDUNDANT ${text}`,
    `CREATE TABLE emojis (id INT PRIMARY KEY, s VARCHAR(40), old VARCHAR(40) CHARACTER SET latin1)
       SELECT seq AS id, CONCAT(${FACES}, seq) AS s, CONVERT(CONCAT(0xC3A9, seq) USING latin1) AS old FROM ${numbers}`,
    `CREATE TABLE blobs (id INT PRIMARY KEY, v LONGBLOB)
       SELECT seq AS id, REPEAT(UNHEX(SHA2(seq, 512)), seq * 200) AS v FROM seq_1_to_20`,
    `CREATE TABLE types (
       id INT PRIMARY KEY, b BIT(9), e ENUM('', 'a', 'ü'), s SET('x', 'y'), j JSON, f FLOAT, d DOUBLE,
       big BIGINT UNSIGNED, t TIME(6), dt DATETIME(3), y YEAR, p POINT, bin BINARY(8), u UUID, ip INET6)`,
    `INSERT INTO types SELECT seq, seq MOD 512, 1 + seq MOD 3, seq MOD 4, JSON_OBJECT('n', seq), seq / 3, seq / 7,
       18446744073709551615 - seq, SEC_TO_TIME(seq * 1.5), '2026-01-01' + INTERVAL seq HOUR, 2000 + seq MOD 100,
       POINT(seq, -seq), UNHEX(LPAD(HEX(seq), 16, '0')), UUID(), CONCAT('2001:db8::', HEX(seq)) FROM ${numbers}`,
    'CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING',
    `INSERT INTO versioned SELECT seq, seq FROM ${numbers}`,
    'UPDATE versioned SET v = v + 1 WHERE id MOD 5 = 0',
    'CREATE SEQUENCE ticket START WITH 100',
    'DO NEXT VALUE FOR ticket',
    'CREATE TABLE no_rows (id INT PRIMARY KEY)',
    'CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE note IS NULL',
    'CREATE TRIGGER stamp BEFORE INSERT ON items FOR EACH ROW SET NEW.what = TRIM(NEW.what)',
    'CREATE PROCEDURE count_orders () SELECT COUNT(*) FROM orders',
  ];
};

// Names that become escapes in file names.
const odd = [
  'CREATE DATABASE `odd-name ä`',
  'CREATE TABLE `odd-name ä`.`a/b c#d.ü` SELECT seq AS id FROM seq_1_to_10',
];

const many = (tables: number): string[] => [
  'CREATE DATABASE many',
  `BEGIN NOT ATOMIC
     FOR i IN 1..${tables} DO
       EXECUTE IMMEDIATE CONCAT('CREATE TABLE many.t', LPAD(i, 5, '0'), ' (id INT PRIMARY KEY, v CHAR(32)) ',
                                'SELECT seq AS id, MD5(seq * ', i, ') AS v FROM seq_1_to_3');
     END FOR;
   END`,
];

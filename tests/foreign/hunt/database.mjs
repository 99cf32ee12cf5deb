// The database of service.mjs: PostgreSQL with pg, or MariaDB and MySQL with mysql2. `connect(url)` chooses one by the scheme of the URL.
//
// Both take parameters as `?`, and answer with { rows, changed }.

import { createRequire } from 'node:module';

// `require` also looks in NODE_PATH, which `import` does not.
const require = createRequire(import.meta.url);

const POOL_SIZE = 8;

class Postgres {
  serial = 'bigserial PRIMARY KEY';

  static async open(url) {
    const { Client, Pool } = require('pg');
    const db = new Postgres();
    // `min` connections stay open when they are idle.
    db.pool = new Pool({ connectionString: url, max: POOL_SIZE, min: 4 });
    const opened = await Promise.all([1, 2, 3, 4].map(() => db.pool.connect()));
    opened.forEach((client) => client.release());
    db.shared = new Client({ connectionString: url });
    await db.shared.connect();
    return db;
  }

  async run(client, text, values = []) {
    let number = 0;
    const answer = await client.query(text.replaceAll('?', () => `$${++number}`), values);
    return { rows: answer.rows, changed: answer.rowCount };
  }

  borrow() {
    return this.pool.connect();
  }

  isDuplicate(error) {
    return error.code === '23505';
  }
}

class Mysql {
  serial = 'bigint AUTO_INCREMENT PRIMARY KEY';

  static async open(url) {
    const { createConnection, createPool } = require('mysql2/promise');
    const db = new Mysql();
    db.pool = createPool({ uri: url, connectionLimit: POOL_SIZE });
    const opened = await Promise.all([1, 2, 3, 4].map(() => db.pool.getConnection()));
    opened.forEach((client) => client.release());
    db.shared = await createConnection({ uri: url });
    return db;
  }

  // With parameters a prepared statement (the binary protocol), otherwise text.
  async run(client, text, values) {
    const [answer] = await (values ? client.execute(text, values) : client.query(text));
    return { rows: answer, changed: answer.affectedRows };
  }

  borrow() {
    return this.pool.getConnection();
  }

  isDuplicate(error) {
    return error.code === 'ER_DUP_ENTRY';
  }
}

class Database {
  constructor(driver) {
    this.driver = driver;
    this.serial = driver.serial;
  }

  // One statement on a connection of the pool; it commits itself.
  query(text, values) {
    return this.driver.run(this.driver.pool, text, values);
  }

  // One statement on the one connection that all requests share.
  queryShared(text, values) {
    return this.driver.run(this.driver.shared, text, values);
  }

  // `work` is given a function like `query`; what it does is committed when it returns, and rolled back when it throws.
  async transaction(work) {
    const client = await this.driver.borrow();
    try {
      await client.query('BEGIN');
      const answer = await work((text, values) => this.driver.run(client, text, values));
      await client.query('COMMIT');
      return answer;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  isDuplicate(error) {
    return this.driver.isDuplicate(error);
  }
}

export async function connect(url) {
  const driver = /^(mysql|mariadb):/.test(url) ? Mysql : Postgres;
  return new Database(await driver.open(url));
}

import { ClassicLevel } from 'classic-level';

export type Database = ClassicLevel<Buffer, Buffer>;

/** Opens the LevelDB of a replay store; one process at a time can. */
export async function openDatabase(folder: string, { create }: { create: boolean }): Promise<Database> {
  const database = new ClassicLevel<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
    createIfMissing: create,
  });
  await database.open();
  return database;
}

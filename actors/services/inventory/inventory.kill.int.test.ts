import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { silentLogger, systemClock } from '@trolley/runtime';
import { InventoryServiceService, ReservationStatus } from '../../../proto/gen/inventory/inventory.ts';
import { openGrpcClient } from '../grpc/grpc.client.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openInventory, reservationIdFor } from './inventory.client.ts';
import { openInventoryService } from './inventory.service.ts';

const program = fileURLToPath(new URL('../testing/inventory-process.ts', import.meta.url));

describe('the inventory service, killed in the middle of its work', () => {
  const folder = temporaryFolder();
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it('has lost nothing that it had said', async () => {
    child = spawn(
      process.execPath,
      ['--conditions=@trolley/source', '--import', 'tsx', program, folder.path],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const exited = once(child, 'exit');
    if (child.stdout === null) throw new Error('no output to read the port from');
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
    const inventory = openInventory({ address: `127.0.0.1:${port}`, breakAfterFailures: 1_000_000 });

    const reserved = new Set<string>();
    const confirmed = new Set<string>();
    let killed = false;
    const isKilled = () => killed;
    const kill = () => {
      killed = true;
      child?.kill('SIGKILL');
    };
    const buyer = async (name: number) => {
      for (let n = 0; !isKilled(); n += 1) {
        const checkoutId = `buyer-${name}-${n}`;
        try {
          const { reservationId } = await inventory.reserve({
            checkoutId,
            items: [{ productId: 1, quantity: 1 }],
          });
          reserved.add(checkoutId);
          await inventory.confirm(reservationId);
          confirmed.add(checkoutId);
          if (confirmed.size === 200) kill();
        } catch (error) {
          if (!isKilled()) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, name) => buyer(name)));
    await exited;
    inventory.close();
    expect(confirmed.size).to.be.at.least(200);

    const options = {
      dataDir: folder.path,
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock: systemClock,
    };
    const service = await openInventoryService(options);
    const wire = openGrpcClient(InventoryServiceService, { address: `127.0.0.1:${service.port}` });
    try {
      for (const checkoutId of reserved) {
        const { reservation } = await wire.call('getReservation', {
          reservationId: reservationIdFor(checkoutId),
        });
        const wanted = confirmed.has(checkoutId)
          ? [ReservationStatus.CONFIRMED]
          : [ReservationStatus.CONFIRMED, ReservationStatus.RESERVED];
        expect(wanted, checkoutId).to.include(reservation?.status);
      }
      const { stocks } = await wire.call('getStock', { productIds: [1n], skipUnknown: false });
      const left = (stocks[0]?.available ?? 0) + (stocks[0]?.reserved ?? 0);
      // Each buyer may have had one more confirmed of which it never heard.
      expect(1_000_000 - left).to.be.within(confirmed.size, confirmed.size + 16);
    } finally {
      wire.close();
      await service.close();
    }
  });
});

import * as inventory from '../gen/inventory/inventory.ts';
import { vector } from './vector.ts';

const anItem = { productId: 1n, quantity: 2 };
const itemHex = '08 01  10 02';

export const inventoryVectors = [
  vector(
    'StockInfo',
    inventory.StockInfo,
    { productId: 1n, available: 100, reserved: 3 },
    '08 01  10 64  18 03',
  ),
  vector(
    'GetStockRequest',
    inventory.GetStockRequest,
    { productIds: [1n, 300n], skipUnknown: true },
    '0a 03  01 ac 02  10 01',
  ),
  vector(
    'GetStockResponse',
    inventory.GetStockResponse,
    { stocks: [{ productId: 1n, available: 2, reserved: 0 }] },
    '0a 04  08 01  10 02',
  ),
  vector('ReservationItem', inventory.ReservationItem, anItem, itemHex),
  vector(
    'ReserveRequest',
    inventory.ReserveRequest,
    { checkoutId: 'c', items: [anItem, { productId: 5n, quantity: 1 }] },
    `0a 01 63  12 04 ${itemHex}  12 04  08 05  10 01`,
  ),
  vector(
    'ReserveResponse',
    inventory.ReserveResponse,
    { reservationId: 'r', expiresAt: 'e' },
    '0a 01 72  12 01 65',
  ),
  vector('ConfirmRequest', inventory.ConfirmRequest, { reservationId: 'r' }, '0a 01 72'),
  vector('ConfirmResponse', inventory.ConfirmResponse, { success: true }, '08 01'),
  vector('ReleaseRequest', inventory.ReleaseRequest, { reservationId: 'r' }, '0a 01 72'),
  vector('ReleaseResponse', inventory.ReleaseResponse, { success: true }, '08 01'),
  vector('RestockRequest', inventory.RestockRequest, { reservationId: 'r' }, '0a 01 72'),
  vector('RestockResponse', inventory.RestockResponse, { success: true }, '08 01'),
  vector('SetStockRequest', inventory.SetStockRequest, { productId: 1n, available: 7 }, '08 01  10 07'),
  vector(
    'SetStockResponse',
    inventory.SetStockResponse,
    { stock: { productId: 1n, available: 7, reserved: 0 } },
    '0a 04  08 01  10 07',
  ),
  vector('GetReservationRequest', inventory.GetReservationRequest, { reservationId: 'r' }, '0a 01 72'),
  vector(
    'Reservation',
    inventory.Reservation,
    {
      reservationId: 'r',
      checkoutId: 'c',
      status: inventory.ReservationStatus.CONFIRMED,
      items: [anItem],
      expiresAt: 'e',
      createdAt: 'a',
      updatedAt: 'b',
    },
    `0a 01 72  12 01 63  18 02  22 04 ${itemHex}
     2a 01 65  32 01 61  3a 01 62`,
  ),
  vector(
    'GetReservationResponse',
    inventory.GetReservationResponse,
    {
      reservation: {
        reservationId: 'r',
        checkoutId: '',
        status: inventory.ReservationStatus.TOMBSTONE,
        items: [],
        expiresAt: '',
        createdAt: '',
        updatedAt: '',
      },
    },
    '0a 05  0a 01 72  18 06',
  ),
];

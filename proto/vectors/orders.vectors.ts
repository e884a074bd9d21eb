import * as orders from '../gen/orders/orders.ts';
import { vector } from './vector.ts';

const anOrderItem = { productId: 2n, productName: 'M', quantity: 1, price: 29.99 };
const orderItemHex = `08 02  12 01 4d  18 01
                      21 3d 0a d7 a3 70 fd 3d 40  // price, a double`;
const anOrder = {
  id: 'i',
  checkoutId: 'c',
  userId: '7',
  totalAmount: 1299.99,
  currency: 'USD',
  status: 'CONFIRMED',
  items: [anOrderItem],
  createdAt: 'a',
  updatedAt: 'b',
};
const orderHex = `0a 01 69  12 01 63
                  1a 01 37                            // user_id, a string here
                  21 29 5c 8f c2 f5 4f 94 40          // total_amount, a double
                  2a 03 55 53 44
                  32 09 43 4f 4e 46 49 52 4d 45 44    // status
                  3a 10 ${orderItemHex}
                  42 01 61  4a 01 62`;

export const ordersVectors = [
  vector('OrderItem', orders.OrderItem, anOrderItem, orderItemHex),
  vector('Order', orders.Order, anOrder, orderHex),
  vector('GetOrderRequest', orders.GetOrderRequest, { orderId: 'o' }, '0a 01 6f'),
  vector('GetOrderResponse', orders.GetOrderResponse, { order: anOrder }, `0a 3a ${orderHex}`),
  vector(
    'ListOrdersRequest',
    orders.ListOrdersRequest,
    { userId: '7', pageSize: 20, pageToken: 't' },
    '0a 01 37  10 14  1a 01 74',
  ),
  vector(
    'ListOrdersResponse',
    orders.ListOrdersResponse,
    { orders: [anOrder], nextPageToken: 't' },
    `0a 3a ${orderHex}
     12 01 74`,
  ),
  vector(
    'UpdateOrderStatusRequest',
    orders.UpdateOrderStatusRequest,
    { orderId: 'o', status: 's' },
    '0a 01 6f  12 01 73',
  ),
  vector(
    'UpdateOrderStatusResponse',
    orders.UpdateOrderStatusResponse,
    { order: anOrder },
    `0a 3a ${orderHex}`,
  ),
  vector(
    'CancelOrderRequest',
    orders.CancelOrderRequest,
    { orderId: 'o', userId: '7' },
    '0a 01 6f  12 01 37',
  ),
  vector('CancelOrderResponse', orders.CancelOrderResponse, { order: anOrder }, `0a 3a ${orderHex}`),
];

import { z } from 'zod';

export const maxQuantity = 99;
export const maxLines = 50;

const productIdRule = 'must be a positive integer';
export const ProductId = z.int(productIdRule).positive(productIdRule);
const quantityRule = `must be an integer from 1 to ${maxQuantity}`;
export const Quantity = z.int(quantityRule).min(1, quantityRule).max(maxQuantity, quantityRule);

export const CartLine = z.object({ productId: ProductId, quantity: Quantity });
export type CartLine = z.infer<typeof CartLine>;

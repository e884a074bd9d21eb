/* Written by `npm run client:types`, from gateway/api/ and gateway/error-table.ts. */

/** Names and prices are at most 3 s old. */
export interface Cart {
  cart_id: string;
  user_id: number;
  items: {
    product_id: number;
    product_name: string;
    quantity: number;
    /** With two decimals. */
    price: number;
    /** With two decimals. */
    subtotal: number;
    added_at: string;
  }[];
  /** The number of lines. */
  total_items: number;
  /** With two decimals. */
  total_price: number;
  updated_at: string;
}

export interface CartLine {
  product_id: number;
  quantity: number;
}

/** At least one of its members. */
export interface ChangedProduct {
  name?: string;
  description?: string;
  /** With two decimals at most. */
  price?: number;
  image_url?: string;
  stock?: number;
}

export interface Checkout {
  checkout_id: string;
  status:
    'INITIATED' | 'INVENTORY_RESERVED' | 'PAYMENT_PENDING' | 'PAYMENT_COMPLETED' | 'COMPLETED' | 'FAILED';
  /** Why it FAILED. */
  failure_reason?: string;
  /** Of insufficient_stock and product_unavailable: of which products there is too little. */
  failure_details?: {
    product_id: number;
    requested: number;
    available: number;
  }[];
  /** Once COMPLETED; the order itself may follow some milliseconds later. */
  order_id?: string;
  /** With two decimals. */
  total_amount: number;
  /** ISO 4217. */
  currency: string;
  created_at: string;
  /** When it ended, COMPLETED or FAILED. */
  completed_at?: string;
}

export interface CheckoutPage {
  checkouts: Checkout[];
  /** Of the page after this one, if there is one. */
  next_page_token?: string;
}

export interface CheckoutWithHistory {
  checkout_id: string;
  status:
    'INITIATED' | 'INVENTORY_RESERVED' | 'PAYMENT_PENDING' | 'PAYMENT_COMPLETED' | 'COMPLETED' | 'FAILED';
  /** Why it FAILED. */
  failure_reason?: string;
  /** Of insufficient_stock and product_unavailable: of which products there is too little. */
  failure_details?: {
    product_id: number;
    requested: number;
    available: number;
  }[];
  /** Once COMPLETED; the order itself may follow some milliseconds later. */
  order_id?: string;
  /** With two decimals. */
  total_amount: number;
  /** ISO 4217. */
  currency: string;
  created_at: string;
  /** When it ended, COMPLETED or FAILED. */
  completed_at?: string;
  /** An entry for each status reached, and for each step that was retried or compensated. */
  history: {
    status:
      'INITIATED' | 'INVENTORY_RESERVED' | 'PAYMENT_PENDING' | 'PAYMENT_COMPLETED' | 'COMPLETED' | 'FAILED';
    at: string;
    detail?: string;
  }[];
}

/** The key has to be here or in the header Idempotency-Key. */
export interface NewCheckout {
  /** Names this checkout among those of its user; not all blank. */
  idempotency_key?: string;
  /** Any members of text, at least one, of at most 2 KB as JSON. */
  shipping_address?: {
    [k: string]: string;
  };
  /** A known name, such as card, or a token; never the number of a card. */
  payment_method?: string;
}

export interface NewProduct {
  name: string;
  description?: string;
  /** With two decimals at most. */
  price: number;
  image_url?: string;
  stock?: number;
}

export interface Order {
  id: string;
  checkout_id: string;
  user_id: number;
  /** With two decimals. */
  total_amount: number;
  /** ISO 4217. */
  currency: string;
  status: 'CONFIRMED' | 'PROCESSING' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED';
  items: {
    product_id: number;
    product_name: string;
    quantity: number;
    /** With two decimals. */
    price: number;
  }[];
  shipping_address?: {
    [k: string]: string;
  };
  created_at: string;
  updated_at: string;
}

export interface Product {
  id: number;
  name: string;
  description: string;
  /** With two decimals. */
  price: number;
  /** Empty, a path, or an http or https URL. */
  image_url: string;
  created_at: string;
  /** How many may be bought; absent while the inventory does not say. */
  stock?: number;
}

export interface ProductPage {
  products: Product[];
  /** Of the page after this one, if there is one. */
  next_page_token?: string;
}

/** The status that each code of the shop comes with. */
export interface StatusOfCode {
  invalid_request: 400;
  invalid_quantity: 400;
  invalid_product_id: 400;
  invalid_name: 400;
  invalid_description: 400;
  invalid_price: 400;
  invalid_image_url: 400;
  invalid_stock: 400;
  invalid_order_id: 400;
  invalid_status: 400;
  invalid_page_token: 400;
  invalid_page_size: 400;
  invalid_shipping_address: 400;
  invalid_payment_method: 400;
  invalid_last_event_id: 400;
  invalid_idempotency_key: 400;
  missing_idempotency_key: 400;
  empty_cart: 400;
  unauthorized: 401;
  forbidden: 403;
  not_found: 404;
  method_not_allowed: 405;
  request_timeout: 408;
  precondition_failed: 412;
  payload_too_large: 413;
  unsupported_media_type: 415;
  headers_too_large: 431;
  conflict: 409;
  already_exists: 409;
  insufficient_stock: 409;
  cart_full: 409;
  quantity_limit: 409;
  checkout_in_progress: 409;
  too_many_checkouts: 409;
  too_many_units: 409;
  idempotency_key_reused: 409;
  answer_dropped: 409;
  unimplemented: 501;
  rate_limited: 429;
  too_many_streams: 429;
  mailbox_full: 429;
  unavailable: 503;
  deadline_exceeded: 504;
  aborted: 409;
  unknown_actor: 500;
  unknown_message: 500;
  internal: 500;
}

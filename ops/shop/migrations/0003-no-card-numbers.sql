-- Earlier versions kept whatever was given as a payment method. What may be the number of a card goes, from checkouts
-- that have ended: nothing reads it there any more.
UPDATE checkout_sessions SET payment_method = NULL
  WHERE status IN ('COMPLETED', 'FAILED')
    AND regexp_replace(payment_method, '[^0-9]', '', 'g') ~ '^[0-9]{13}';

import * as callers from '../callers.ts';

export const ana = callers.developer('ana@example.com');
export const ben = callers.developer('ben@example.com');
export const chi = callers.developer('chi@example.com');
export const dora = callers.platformAdmin('dora@example.com');
export const DEV = 'shop-dev';

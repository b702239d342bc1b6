/** The secret in the address of a signed link. */
export const LINK_SECRET = /(?<=#)\w+$/;

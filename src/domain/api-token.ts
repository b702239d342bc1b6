import { crc32 } from "node:zlib";

/*
 * A token's text: `tf_<id>_<secret><checksum>`, in ASCII digits and letters. The prefix lets scanners find tokens in
 * published code. The checksum reveals a mistyped token, or a text that only looks like one, without a query.
 */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX = "tf";
const ID_LENGTH = 12;
/** 43 characters hold 256 bits. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

const DIGIT = "[0-9A-Za-z]";

const TOKEN = new RegExp(
  `^${PREFIX}_(${DIGIT}{${ID_LENGTH}})_(${DIGIT}{${SECRET_LENGTH}})(${DIGIT}{${CHECKSUM_LENGTH}})$`,
);

/** The two parts of a token. */
export interface TokenParts {
  /** Identifies the token; not secret. */
  readonly tokenId: string;
  readonly secret: string;
}

export function newTokenId(): string {
  return randomText(ID_LENGTH);
}

export function newTokenSecret(): string {
  return randomText(SECRET_LENGTH);
}

/** The token's text, which a client sends. */
export function tokenText({ tokenId, secret }: TokenParts): string {
  const text = `${PREFIX}_${tokenId}_${secret}`;
  return text + checksum(text);
}

/** @returns undefined for a text that is no token. */
export function parseToken(text: string): TokenParts | undefined {
  const [, tokenId, secret, sum] = TOKEN.exec(text) ?? [];
  if (tokenId === undefined || secret === undefined) return undefined;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === sum ? { tokenId, secret } : undefined;
}

/** Whether a text was meant as a token, mistyped or not. */
export function isLikeToken(text: string): boolean {
  return text.startsWith(`${PREFIX}_`);
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET[rest % ALPHABET.length] + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

/** Random ASCII digits and letters, each equally likely; 43 of them hold 256 bits. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    // 248 is four times the alphabet's length: larger bytes are skipped, so that each letter is equally likely.
    for (const byte of crypto.getRandomValues(new Uint8Array(64))) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

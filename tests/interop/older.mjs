// What the packages take for granted and Node 18, that of Debian 12, lacks. To be imported first.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
URL.parse ??= (text, base) => {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
};

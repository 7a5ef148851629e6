// How clients read challenges. Reads [[field value ...] ...] from standard input, each the fields
// of one answer, and writes for each {strict, joined}: what a strict reader of our own finds in the
// fields one by one, and what npm oauth4webapi finds in them as fetch hands them over, joined.
// Either is a list of [scheme, {parameter: value}], or a string that says why it was refused.
import './older.mjs';
import * as oauth from 'oauth4webapi';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"/;
const WORDS = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;
const CODES = ['invalid_request', 'invalid_token', 'insufficient_scope'];

class Reader {
  constructor(text) { this.text = text; }

  take(pattern, what) {
    const found = pattern.exec(this.text);
    if (!found) throw new Error(`want ${what} at '${this.text.slice(0, 30)}'`);
    this.text = this.text.slice(found[0].length);
    return found[0];
  }
}

// One challenge, with its parameters: narrower than RFC 9110 where a sender has no need of more.
// No blanks around =, none doubled, no empty list element, no parameter twice, ASCII alone.
function readField(value) {
  const reader = new Reader(value);
  const parameters = {};
  const scheme = reader.take(TOKEN, 'a scheme');
  reader.take(/^ /, 'one blank after the scheme');
  for (;;) {
    const name = reader.take(TOKEN, 'a parameter').toLowerCase();
    reader.take(/^=/, `= after ${name}`);
    if (Object.hasOwn(parameters, name)) throw new Error(`${name} stands twice`);
    parameters[name] = reader.text.startsWith('"')
      ? reader.take(QUOTED, 'a quoted-string').slice(1, -1).replace(/\\(.)/g, '$1')
      : reader.take(TOKEN, `the value of ${name}`);
    if (reader.text === '') return [scheme, parameters];
    reader.take(/^, (?=[^ ,]+=)/, 'a comma, a blank and one more parameter');
  }
}

// RFC 6750 section 3.
function checkBearer(parameters) {
  if (parameters.realm === undefined) throw new Error('no realm');
  for (const [name, form] of [['scope', WORDS], ['error', TEXT], ['error_description', TEXT]]) {
    if (name in parameters && !form.test(parameters[name])) throw new Error(`illegal ${name}`);
  }
  if ('error' in parameters && !CODES.includes(parameters.error)) throw new Error('unknown error');
  if ('error_description' in parameters && !('error' in parameters)) {
    throw new Error('a description without an error');
  }
}

// Several clients see the first challenge only, or miss a second one in the same field.
function readStrictly(fields) {
  return fields.map((field, place) => {
    const [scheme, parameters] = readField(field);
    if (scheme.toLowerCase() === 'bearer') {
      if (place > 0) throw new Error('Bearer is not the first challenge');
      checkBearer(parameters);
    }
    return [scheme.toLowerCase(), parameters];
  });
}

async function readJoined(fields) {
  const headers = new Headers();
  for (const field of fields) headers.append('WWW-Authenticate', field);
  try {
    await oauth.protectedResourceRequest('token', 'GET', new URL('https://api.example/'),
      undefined, undefined,
      { [oauth.customFetch]: async () => new Response(null, { status: 401, headers }) });
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    return error.cause.map(({ scheme, parameters }) => [scheme, parameters]);
  }
  throw new Error('no challenge found');
}

async function attempt(read, fields) {
  try {
    return await read(fields);
  } catch (error) {
    return String(error.message);
  }
}

let text = '';
for await (const chunk of process.stdin) text += chunk;
const answers = JSON.parse(text).map(async (fields) => ({
  strict: await attempt(readStrictly, fields), joined: await attempt(readJoined, fields) }));
console.log(JSON.stringify(await Promise.all(answers)));

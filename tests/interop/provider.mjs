// npm oidc-provider, a certified OpenID provider, on loopback. Prints its issuer once it listens.
//
// The resource indicator decides about the access token: the last part of its path is the
// algorithm. RSA keys and the Edwards key are published without "alg", as several providers do:
// they serve RS256 and PS256, EdDSA and Ed25519 alike.
//
// Keys come in generations, those of the first one to begin with. POST /test/keys with
// {"published": [2, 1], "signing": 2} says which are in the set and which sign; GET /test/counts
// says how often each path was asked for.
//
// Environment: TLS_PEM, the certificate and key to serve https with; NAME, the host in the issuer's
// name; RUN_USER and RUN_GROUP, whom to become.
import './older.mjs';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const SCOPE = 'read write';

async function makeKey(kid, alg, options, published) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
  return { ...(await exportJWK(privateKey)), use: 'sig', kid, ...published };
}

// The promise of a generation's keys, made when it is first wanted.
const generations = {};
function generation(number) {
  generations[number] ??= Promise.all([
    makeKey(`rsa-${number}`, 'RS256', {}, {}),
    makeKey(`ed25519-${number}`, 'EdDSA', { crv: 'Ed25519' }, {}),
    ...['ES256', 'ES384', 'ES512'].map((alg) => makeKey(`${alg}-${number}`, alg, {}, { alg })),
  ]);
  return generations[number];
}

const common = { token_endpoint_auth_method: 'client_secret_basic', scope: `openid ${SCOPE}` };
const clients = [
  { ...common, client_id: 'app', client_secret: 'the-secret-of-the-client-app-0123456789',
    grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
  { ...common, client_id: 'web', client_secret: 'the-secret-of-the-client-web-0123456789',
    grant_types: ['authorization_code'], redirect_uris: ['http://127.0.0.1:9/back'],
    response_types: ['code'] },
];

function resourceServer(context, indicator) {
  const alg = new URL(indicator).pathname.split('/').pop();
  return { scope: SCOPE, audience: indicator, accessTokenTTL: 300, accessTokenFormat: 'jwt',
    jwt: { sign: { alg } } };
}

const configuration = {
  clients,
  scopes: ['openid', ...SCOPE.split(' ')],
  cookies: { keys: ['only for tests'] },
  enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
  pkce: { required: () => false },
  findAccount: (context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: resourceServer,
    },
  },
};

// A Node whose libuv may use io_uring refuses to change its user; then it serves loopback as it is.
function becomeRunUser() {
  try {
    process.initgroups(process.env.RUN_USER, process.env.RUN_GROUP);
    process.setgid(process.env.RUN_GROUP);
    process.setuid(process.env.RUN_USER);
  } catch (error) {
    if (error.code !== 'ERR_INVALID_STATE') throw error;
  }
}

const pem = process.env.TLS_PEM ? fs.readFileSync(process.env.TLS_PEM) : null;
const server = pem ? https.createServer({ key: pem, cert: pem }) : http.createServer();
const counts = {};
let issuer, sign, show;

// A provider signs with the first key that fits, and its set is of all keys that it has. So there
// are two: one signs, one shows the set. What they keep is shared.
async function useKeys({ published, signing }) {
  const of = async (numbers) => (await Promise.all(numbers.map(generation))).flat();
  const callback = (keys) => new Provider(issuer, { ...configuration, jwks: { keys } }).callback();
  [sign, show] = [callback(await of([signing])), callback(await of(published))];
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function answer(request, response) {
  const path = request.url.split('?')[0];
  counts[path] = (counts[path] ?? 0) + 1;
  if (path === '/test/keys') await useKeys(JSON.parse(await body(request)));
  if (path.startsWith('/test/')) response.end(JSON.stringify(counts));
  else (path === '/jwks' ? show : sign)(request, response);
}

server.on('request', answer);
server.listen(0, '127.0.0.1', async () => {
  const scheme = pem ? 'https' : 'http';
  issuer = `${scheme}://${process.env.NAME ?? '127.0.0.1'}:${server.address().port}`;
  await useKeys({ published: [1], signing: 1 });
  if (process.env.RUN_USER) becomeRunUser();
  console.log(issuer);
});

// npm oidc-provider, a certified OpenID provider, on loopback. Prints its issuer once it listens.
//
// The resource indicator decides about the access token: the last part of its path is the
// algorithm. RSA keys and the Edwards key are published without "alg", as several providers do:
// they serve RS256 and PS256, EdDSA and Ed25519 alike.
//
// Environment: RUN_USER and RUN_GROUP, whom to become.
import './older.mjs';
import http from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const SCOPE = 'read write';

async function makeKey(kid, alg, options, published) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
  return { ...(await exportJWK(privateKey)), use: 'sig', kid, ...published };
}

const keys = await Promise.all([
  makeKey('rsa', 'RS256', {}, {}),
  makeKey('ed25519', 'EdDSA', { crv: 'Ed25519' }, {}),
  ...['ES256', 'ES384', 'ES512'].map((alg) => makeKey(alg, alg, {}, { alg })),
]);

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
  jwks: { keys },
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

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, configuration).callback());
  if (process.env.RUN_USER) becomeRunUser();
  console.log(issuer);
});

// Tokens and key sets in the shapes of well-known issuers: their own public documentation, our own
// keys and values. Reads {shape: [variant ...]} from standard input; a variant changes claims and
// header of the shape's ordinary token, null takes a member out. Writes {shape: {jwks, tokens}}.
import './older.mjs';
import { SignJWT, generateKeyPair, exportJWK } from 'jose';

const TENANT = '11111111-2222-3333-4444-555555555555';
const POOL = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC';
const now = Math.floor(Date.now() / 1000);

// key: members of the published key beside kty, kid, use and its numbers. extra: further keys.
const shapes = {
  'keycloak': {
    header: { typ: 'JWT' }, extra: ['RSA-OAEP'],
    claims: { iss: 'https://sso.example/realms/demo', typ: 'Bearer', azp: 'web',
      aud: ['api', 'account'], scope: 'openid profile', sub: 'f:1:alice',
      preferred_username: 'alice', realm_access: { roles: ['offline_access', 'editor'] },
      resource_access: { api: { roles: ['writer'] } } },
  },
  'keycloak-without-aud': {
    header: { typ: 'JWT' }, extra: ['RSA-OAEP'],
    claims: { iss: 'https://sso.example/realms/demo', typ: 'Bearer', azp: 'web',
      scope: 'profile', sub: 'b2e1' },
  },
  'entra-v2-user': {
    header: { typ: 'JWT', x5t: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    key: { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' },
    claims: { iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      aud: 'aaaaaaaa-0000-0000-0000-000000000000', azp: 'bbbbbbbb-0000-0000-0000-000000000000',
      azpacr: '1', scp: 'Files.Read Files.Write', oid: '0f0f', tid: TENANT, sub: 'pairwise',
      ver: '2.0', name: 'Zo\u00eb' },
  },
  'entra-v1-app': {
    header: { typ: 'JWT', x5t: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    key: { issuer: `https://sts.windows.net/${TENANT}/` },
    claims: { iss: `https://sts.windows.net/${TENANT}/`, aud: 'api://my-api',
      appid: 'bbbbbbbb-0000-0000-0000-000000000000', roles: ['Api.Read.All'], oid: '0e0e',
      tid: TENANT, sub: '0e0e', ver: '1.0', idtyp: 'app' },
  },
  'okta': {
    key: { alg: 'RS256' },
    claims: { iss: 'https://org.okta.example/oauth2/default', ver: 1, jti: 'AT.1',
      aud: 'api://default', cid: '0oa1', uid: '00u1', scp: ['api:read', 'api:write'],
      sub: 'alice@example.com', groups: ['Everyone', 'Ops Team'] },
  },
  'auth0': {
    header: { typ: 'JWT' }, key: { alg: 'RS256' },
    claims: { iss: 'https://tenant.auth0.example/',
      aud: ['https://api.example', 'https://tenant.auth0.example/userinfo'], azp: 'cid',
      scope: 'openid read:things', permissions: ['read:things'], sub: 'auth0|123',
      'https://example.com/roles': ['admin'] },
  },
  'auth0-rfc9068': {
    header: { typ: 'at+jwt' }, key: { alg: 'RS256' },
    claims: { iss: 'https://tenant.auth0.example/', aud: 'https://api.example', client_id: 'cid',
      jti: '7f', scope: 'read:things', sub: 'cid@clients' },
  },
  'cognito-access': {
    key: { alg: 'RS256' },
    claims: { iss: POOL, token_use: 'access', version: 2, client_id: '3n4b5u',
      scope: 'rs/read openid', 'cognito:groups': ['admins'], username: 'alice', sub: 'b2e1',
      origin_jti: '7e', event_id: '7d', auth_time: now },
  },
  'cognito-id': {
    key: { alg: 'RS256' },
    claims: { iss: POOL, token_use: 'id', aud: '3n4b5u', 'cognito:username': 'alice',
      email_verified: true, sub: 'b2e1' },
  },
  'google-id': {
    header: { typ: 'JWT' }, key: { alg: 'RS256' },
    claims: { iss: 'https://accounts.google.com', aud: '1.apps.googleusercontent.com',
      azp: '1.apps.googleusercontent.com', sub: '10769150350006150715113082367',
      email: 'alice@example.com', email_verified: true, hd: 'example.com',
      at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' },
  },
  'github-actions': {
    header: { typ: 'JWT', x5t: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA' }, key: { alg: 'RS256' },
    claims: { iss: 'https://token.actions.githubusercontent.com',
      aud: 'https://github.com/octo-org', repository: 'octo-org/octo-repo',
      sub: 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main', repository_id: '456789',
      repository_owner: 'octo-org', repository_owner_id: '123456', ref: 'refs/heads/main',
      event_name: 'push', runner_environment: 'github-hosted',
      job_workflow_ref: 'octo-org/octo-repo/.github/workflows/d.yml@refs/heads/main' },
  },
  'gitlab-ci': {
    header: { typ: 'JWT' }, key: { alg: 'RS256' },
    claims: { iss: 'https://gitlab.com', aud: 'https://api.example', project_id: '20',
      sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
      project_path: 'my-group/my-project', ref: 'main', ref_type: 'branch',
      ref_protected: 'true', environment_protected: 'false', user_login: 'alice' },
  },
  'kubernetes': {
    key: { alg: 'RS256' },
    claims: { iss: 'https://kubernetes.default.svc.cluster.local', aud: ['https://api.example'],
      jti: '7c', sub: 'system:serviceaccount:prod:deployer',
      'kubernetes.io': { namespace: 'prod', pod: { name: 'p-1', uid: '1a' },
        serviceaccount: { name: 'deployer', uid: '1b' } } },
  },
  'ed25519-new-name': {
    alg: 'Ed25519', header: { typ: 'at+jwt' }, key: { alg: 'Ed25519' },
    claims: { iss: 'https://as.example', aud: 'https://api.example', client_id: 'robot',
      sub: 'robot', jti: '7b', scope: 'read' },
  },
};

async function publicKey(alg, members) {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(pair.publicKey)), ...members };
}

function without(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

function sign(shape, kid, key, { claims, header }) {
  const times = { iat: now, nbf: now, exp: now + 3600 };
  return new SignJWT(without({ ...times, ...shape.claims, ...claims }))
    .setProtectedHeader(without({ alg: shape.alg, kid, ...shape.header, ...header }))
    .sign(key);
}

// Beside the signing key: one of another type, one that this server cannot use, perhaps one for
// encryption. Each must be passed over and spoil nothing.
async function build(name, variants) {
  const shape = { alg: 'RS256', extra: [], ...shapes[name] };
  const pair = await generateKeyPair(shape.alg, { extractable: true });
  const kid = `${name}-1`;
  const keys = await Promise.all([
    ...shape.extra.map((alg) => publicKey(alg, { alg, use: 'enc', kid: `${name}-enc` })),
    publicKey('ES256', { alg: 'ES256', use: 'sig', kid: `${name}-2` }),
  ]);
  keys.push({ ...(await exportJWK(pair.publicKey)), use: 'sig', kid, ...shape.key });
  keys.push({ kty: 'NEW', alg: 'NEW1', kid: `${name}-3`, pub: 'AAAA' });
  const tokens = await Promise.all(variants.map((one) => sign(shape, kid, pair.privateKey, one)));
  return { jwks: { keys }, tokens };
}

let text = '';
for await (const chunk of process.stdin) text += chunk;
const made = await Promise.all(Object.entries(JSON.parse(text))
  .map(async ([name, variants]) => [name, await build(name, variants)]));
console.log(JSON.stringify(Object.fromEntries(made)));

// The OpenAPI file as a judge: asks an operation, holds the answer to what the file says, and remembers what was seen.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import yaml from 'js-yaml';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const methods = ['get', 'post', 'patch', 'put', 'delete'];

export function contract(text, daemon, token) {
  const file = yaml.load(text);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats(ajv);
  ajv.addSchema(file, 'file');
  const at = (value) => (value?.$ref ? value.$ref.slice(2).split('/').reduce((from, key) => from[key], file) : value);
  const pointer = (...keys) => `file#/${keys.map((key) => encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
  const judges = new Map();
  const judge = (where) => {
    if (!judges.has(where)) judges.set(where, ajv.compile({ $ref: where }));
    return judges.get(where);
  };

  const operations = [];
  for (const [path, item] of Object.entries(file.paths))
    for (const method of methods)
      if (item[method]) {
        const its = item[method];
        operations.push({ path, method, id: its.operationId, parameters: (its.parameters ?? []).map(at), body: at(its.requestBody), responses: its.responses,
          open: its.security?.length === 0, changes: method !== 'get' });
      }
  const named = new Map(operations.map((each) => [each.id, each]));
  const seen = new Set();
  const fields = new Set(); // names of fields, wherever they stood in an answer
  const collect = (value) => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (value && typeof value === 'object')
      for (const [key, each] of Object.entries(value)) {
        fields.add(key);
        collect(each);
      }
  };

  // One exchange, raw: the header as it is given, no cookies, no redirects.
  const exchange = (method, target, { headers = {}, body } = {}) => new Promise((done, failed) => {
    const asked = request({ host: '127.0.0.1', port: daemon.port, method, path: target, headers, agent: false }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(pieces).toString() }));
      answer.on('error', failed);
    });
    asked.on('error', failed);
    asked.end(body);
  });

  // The answer, judged by what the file says of this operation. Whatever status it does not name is its default.
  function judged(operation, answer, media) {
    const key = operation.responses[answer.status] ? String(answer.status) : 'default';
    const what = `${operation.method.toUpperCase()} ${operation.path} answers ${answer.status} ${media}: ${answer.text.slice(0, 500)}`;
    const said = operation.responses[key];
    assert.ok(said, `${what}, which the file does not know`);
    const kinds = at(said).content ?? {};
    assert.ok(kinds[media], `${what}; the file knows ${Object.keys(kinds)}`);
    seen.add(`${operation.id} ${key} ${media}`);
    if (!/json/.test(media)) return null;
    const where = said.$ref ? `file${said.$ref}/content/${encodeURIComponent(media.replaceAll('/', '~1'))}/schema` : pointer('paths', operation.path, operation.method, 'responses', key, 'content', media, 'schema');
    const values = media === 'application/x-ndjson' ? answer.text.trim().split('\n').map((line) => JSON.parse(line)) : [JSON.parse(answer.text)];
    for (const value of values) {
      const good = judge(where);
      assert.ok(good(value), `${what}\n${ajv.errorsText(good.errors)}`);
      collect(value);
    }
    for (const [name] of Object.entries(at(said).headers ?? {})) {
      assert.ok(answer.headers[name.toLowerCase()], `${what} without ${name}`);
      seen.add(`${operation.id} ${key} header ${name}`);
    }
    return media === 'application/x-ndjson' ? values : values[0];
  }

  // Asks it: `path` and `query` by the names of its parameters, `body` as JSON or, with `type`, as it is.
  async function ask(id, { path = {}, query = {}, headers = {}, body, type, token: bearer = token, method, unjudged = false } = {}) {
    const operation = named.get(id);
    assert.ok(operation, `there is no operation ${id}`);
    const known = (name, place) => operation.parameters.some((each) => each.name === name && each.in === place);
    let target = operation.path.replace(/\{(\w+)\}/g, (_, name) => {
      seen.add(`${id} parameter ${name}`);
      return encodeURIComponent(path[name] ?? (/id/.test(name) ? '1' : 'collected'));
    });
    const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
    for (const [name] of pairs) if (known(name, 'query')) seen.add(`${id} parameter ${name}`);
    if (pairs.length > 0) target += `?${new URLSearchParams(pairs)}`;
    for (const name of Object.keys(headers)) if (known(name, 'header')) seen.add(`${id} parameter ${name}`);
    const sent = { Host: `127.0.0.1:${daemon.port}`, ...(bearer && { Authorization: `Bearer ${bearer}` }), ...headers };
    let bytes = body;
    if (body !== undefined) {
      const media = type ?? 'application/json';
      if (type === undefined && typeof body !== 'string') bytes = JSON.stringify(body);
      sent['Content-Type'] ??= media;
      sent['Content-Length'] ??= Buffer.byteLength(bytes);
      if (operation.body?.content?.[media]) seen.add(`${id} body ${media}`);
    }
    const answer = await exchange(method ?? operation.method.toUpperCase(), target, { headers: sent, body: bytes });
    const media = (answer.headers['content-type'] ?? '').split(';')[0];
    if (unjudged) return { ...answer, media };
    return { ...answer, media, value: judged(operation, answer, media) };
  }

  // What a body that the file describes must look like to be taken: the file's own judgement.
  function takes(id, media, value) {
    return judge(pointer('paths', named.get(id).path, named.get(id).method, 'requestBody', 'content', media, 'schema'))(value);
  }

  // What stands in the file and was never seen. Of the defaults one will do: they are all the same.
  function unseen() {
    const missing = [];
    const need = (what) => seen.has(what) || missing.push(what);
    for (const each of operations) {
      for (const parameter of each.parameters) need(`${each.id} parameter ${parameter.name}`);
      for (const media of Object.keys(each.body?.content ?? {})) need(`${each.id} body ${media}`);
      for (const [status, said] of Object.entries(each.responses)) {
        for (const media of Object.keys(at(said).content ?? {})) need(`${each.id} ${status} ${media}`);
        for (const name of Object.keys(at(said).headers ?? {})) need(`${each.id} ${status} header ${name}`);
      }
    }
    const told = new Set();
    const walk = (value, properties = false) => {
      if (!value || typeof value !== 'object') return;
      for (const [key, each] of Object.entries(value)) {
        if (properties) told.add(key);
        walk(each, !properties && key === 'properties');
      }
    };
    for (const [name, schema] of Object.entries(file.components.schemas)) if (!/^(New|Bulk$|BulkRe|Selection|ReplayOrder|Edit|Filter|.*Filter$|Target)/.test(name)) walk(schema);
    for (const name of told) if (!fields.has(name) && !rare.has(name)) missing.push(`the field ${name}`);
    return missing;
  }

  // Of what is no question and answer: the stream of events.
  const saw = (id, what, name) => seen.add(`${id} ${what} ${name}`);
  return { file, operations, ask, exchange, takes, unseen, saw, daemon };
}

// Fields of answers that need what these tests do not bring about; unit_admin has each of them.
const rare = new Set(['blocked_reason', 'last_error', 'raw_properties', 'problem', 'note', 'warning', 'error']);

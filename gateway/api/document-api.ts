import { z } from 'zod';
import { describeRoute } from './describe-route.ts';

const tag = 'Description';

export const getOpenApi = describeRoute({
  operationId: 'getOpenApi',
  tag,
  summary: 'This description, by OpenAPI 3.1.',
  method: 'GET',
  path: '/openapi.json',
  access: 'anyone',
  answers: {
    200: {
      description: 'The description.',
      body: z.looseObject({ openapi: z.string() }),
      headers: ['ETag'],
    },
    304: { description: 'It is the one that If-None-Match names.', headers: ['ETag'] },
  },
});

export const getDocs = describeRoute({
  operationId: 'getDocs',
  tag,
  summary: 'This description for people, to be tried out.',
  method: 'GET',
  path: '/docs',
  access: 'anyone',
  answers: {
    200: {
      description: 'The page.',
      body: z.string(),
      contentType: 'text/html',
      headers: ['ETag', 'Content-Security-Policy'],
    },
    304: {
      description: 'It is the one that If-None-Match names.',
      headers: ['ETag', 'Content-Security-Policy'],
    },
  },
});

export const getDocsFile = describeRoute({
  operationId: 'getDocsFile',
  tag,
  summary: 'What that page is made of.',
  method: 'GET',
  path: '/docs/:file',
  access: 'anyone',
  params: z.object({ file: z.string() }),
  example: { params: { file: 'docs.js' } },
  answers: {
    200: { description: 'The file.', body: z.string(), contentType: 'text/*', headers: ['ETag'] },
    304: { description: 'It is the one that If-None-Match names.', headers: ['ETag'] },
  },
  refusals: ['not_found'],
});

// Finds products by a photo, by the token of that photo, and by words, with a client whose types come from openapi.json.
import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [address, photo] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address });

async function byPhoto(): Promise<components["schemas"]["SearchAnswer"]> {
  const image = new Blob([await readFile(photo)], { type: "image/jpeg" });
  const { data, error } = await client.POST("/api/v1/search", {
    // The document says that a file is binary, for which TypeScript has no other word than string.
    body: { image: image as unknown as string, page_size: 3 },
    bodySerializer(body) {
      const form = new FormData();
      for (const [name, value] of Object.entries(body ?? {})) {
        form.set(name, value instanceof Blob ? value : String(value));
      }
      return form;
    },
  });
  if (!data) throw new Error(JSON.stringify(error));
  return data;
}

const found = await byPhoto();
const again = await client.POST("/api/v1/search", { body: { photo_token: found.photo_token, q: "blue" } });
const words = await client.GET("/api/v1/search", { params: { query: { q: "sofa", page_size: 1 } } });
const wrong = await client.GET("/api/v1/search", { params: { query: { page: 0 } } });
const grouped = await client.GET("/api/v1/search/grouped", { params: { query: { q: "chair" } } });
console.log(
  JSON.stringify({
    photo: found.hits.map((hit) => hit.sku),
    again: again.data?.hits[0].sku,
    words: words.data?.hits.map((hit) => hit.title),
    wrong: [wrong.error?.status, wrong.error?.field],
    groups: grouped.data?.groups.map((group) => group.collection),
  }),
);

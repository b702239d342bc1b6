import type { TrackingServer } from "../../transfer/http.ts";
import { recordJson } from "../../transfer/record-json.ts";

const API = "/api/2.0/mlflow";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The calls of MLflow's API that an export writes by. Messages have our names, which go out in snake_case. */
export class MlflowApi {
  readonly server: TrackingServer;

  constructor(server: TrackingServer) {
    this.server = server;
  }

  async post<T = object>(path: string, message: object): Promise<T> {
    return await this.server.post<T>(`${API}/${path}`, recordJson(message));
  }

  async send(method: "PATCH" | "DELETE", path: string, message: object): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    const response = await this.server.fetch(`${API}/${path}`, { method, headers, body: () => recordJson(message) });
    await response.body?.cancel();
  }

  async get<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
    return await this.server.get<T>(`${API}/${path}`, query);
  }

  /** All pages of a search. */
  async *search<T>(path: string, list: string, message: object): AsyncGenerator<T> {
    for (let token = ""; ; ) {
      const page = await this.post<Record<string, unknown>>(path, {
        ...message,
        ...(token !== "" && { pageToken: token }),
      });
      yield* (page[list] as T[] | undefined) ?? [];
      token = String(page.next_page_token ?? "");
      if (token === "") return;
    }
  }
}

export function tagOf(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.key === key)?.value;
}

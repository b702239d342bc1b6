import { invalidParameter } from "../../domain/errors.ts";

/*
 * GraphQL documents as the stock web UI writes them: one named operation, one root field whose only argument is a variable,
 * and below it plain fields. Nothing else of the language is read: no fragments, aliases, literal arguments or batches, so
 * that a document can ask for no more than the few types that it names.
 */

/** The fields asked for of an object, with those asked for of theirs; of a scalar there are none. */
export type Selection = ReadonlyMap<string, Selection>;

export interface GraphqlQuery {
  /** The root field. */
  readonly field: string;
  /** The variable that is its `input`, without the dollar. */
  readonly variable: string;
  readonly selection: Selection;
}

/** In characters; the UI's own have 1,500. */
const MAX_DOCUMENT_LENGTH = 20_000;
const MAX_DEPTH = 10;

const TOKEN = /[\s,]*(?:#[^\n]*\s*)*([A-Za-z_]\w*|\$[A-Za-z_]\w*|@[A-Za-z_]\w*|"[^"\\\n]*"|[{}()!:]|$)/uy;

/** @throws MlflowError INVALID_PARAMETER_VALUE for a document of any other form. */
export function parseGraphqlQuery(text: string): GraphqlQuery {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    throw invalidParameter(`A GraphQL document may have at most ${MAX_DOCUMENT_LENGTH} characters.`);
  }
  return new DocumentReader(text).document();
}

class DocumentReader {
  readonly #text: string;
  #position = 0;
  #token = "";

  constructor(text: string) {
    this.#text = text;
    this.#take();
  }

  /** `query Name($data: Type!) @directive(name: "…") { field(input: $data) { … } }` */
  document(): GraphqlQuery {
    if (this.#token === "mutation") this.#take();
    else this.#expect("query");
    this.#name();
    this.#expect("(");
    const declared = this.#variable();
    this.#expect(":");
    this.#name();
    this.#skip("!");
    this.#expect(")");
    while (this.#token.startsWith("@")) this.#directive();
    this.#expect("{");
    const field = this.#name();
    this.#expect("(");
    this.#expect("input");
    this.#expect(":");
    const variable = this.#variable();
    if (variable !== declared) throw this.#unexpected();
    this.#expect(")");
    const selection = this.#selection(1);
    this.#expect("}");
    this.#expect("");
    return { field, variable, selection };
  }

  /** Directives of an operation only name the part of the UI that asks. */
  #directive(): void {
    this.#take();
    if (!this.#skip("(")) return;
    this.#name();
    this.#expect(":");
    if (!this.#token.startsWith('"')) throw this.#unexpected();
    this.#take();
    this.#expect(")");
  }

  #selection(depth: number): Selection {
    if (depth > MAX_DEPTH) throw invalidParameter(`The GraphQL document is more than ${MAX_DEPTH} levels deep.`);
    const fields = new Map<string, Selection>();
    this.#expect("{");
    do {
      const name = this.#name();
      const inner = this.#token === "{" ? this.#selection(depth + 1) : new Map<string, Selection>();
      if (fields.has(name)) throw invalidParameter(`The GraphQL document asks twice for '${name}'.`);
      fields.set(name, inner);
    } while (!this.#skip("}"));
    return fields;
  }

  #name(): string {
    if (!/^\w/.test(this.#token)) throw this.#unexpected();
    return this.#take();
  }

  #variable(): string {
    if (!this.#token.startsWith("$")) throw this.#unexpected();
    return this.#take().slice(1);
  }

  #expect(token: string): void {
    if (this.#token !== token) throw this.#unexpected();
    if (token !== "") this.#take();
  }

  #skip(token: string): boolean {
    const found = this.#token === token;
    if (found) this.#take();
    return found;
  }

  /** @returns the token that was current, and moves to the next; "" is the end. */
  #take(): string {
    const taken = this.#token;
    TOKEN.lastIndex = this.#position;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw this.#unexpected();
    this.#position = TOKEN.lastIndex;
    this.#token = match[1] ?? "";
    return taken;
  }

  #unexpected(): Error {
    return invalidParameter(
      `This server answers the GraphQL operations of MLflow's web UI only: unexpected text before position ${this.#position + 1}.`,
    );
  }
}

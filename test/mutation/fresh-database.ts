import { freshDatabase } from "./workers.ts";

// Files of tests share a process, so that the modules are loaded once. Each file begins with an empty database.
freshDatabase();

import { Command, Option } from "commander";
import type { DeployFlags, DeployResult, Step } from "../deploy/deploy.ts";

const MARKS: Readonly<Record<Step["state"], string>> = { there: "as it is", done: "done", missing: "to do" };

/** Where D1 and R2 keep data near: the hints of both. */
const LOCATIONS = ["wnam", "enam", "weur", "eeur", "apac", "oc"];

/** `trackflare deploy`. */
export function deployCommand(): Command {
  return new Command("deploy")
    .description("Bring an account of Cloudflare to this version: database, bucket, schema, secrets, Worker and UI.")
    .option("--name <name>", "of the Worker and its database; several names are several servers", "trackflare")
    .addOption(new Option("--account <id or name>", "of Cloudflare, if you have several").env("CLOUDFLARE_ACCOUNT_ID"))
    .addOption(new Option("--location <hint>", "where a new database and bucket keep their data").choices(LOCATIONS))
    .addOption(new Option("--plan <plan>", "the account's plan for Workers").choices(["free", "paid"]).default("free"))
    .option("--new-token", "replace the admin's token")
    .option("--dry-run", "show each step, and change nothing")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Uses wrangler's credentials: CLOUDFLARE_API_TOKEN, or \`npx wrangler login\`. A second run changes nothing. After an
interruption, start it again: it goes on where it was.`,
    )
    .action(async ({ json, ...flags }: DeployFlags & { json?: boolean }) => {
      const { deploy } = await import("../deploy/deploy.ts");
      const show = ({ title, state, note }: Step) =>
        console.log(`${MARKS[state].padEnd(10)}${title.padEnd(15)}${note}`);
      const result = await deploy(flags, json ? () => undefined : show);
      console.log(json ? JSON.stringify(result) : endText(result, flags));
    });
}

function endText({ url, token }: DeployResult, { dryRun, name }: DeployFlags): string {
  if (dryRun) return "\nNothing was changed.";
  const lines =
    token === undefined
      ? [
          `export MLFLOW_TRACKING_URI=${url}`,
          "export MLFLOW_TRACKING_TOKEN=<the admin's token, or one of `trackflare tokens`>",
        ]
      : [`export MLFLOW_TRACKING_URI=${url}`, `export MLFLOW_TRACKING_TOKEN=${token}`];
  const kept =
    token === undefined
      ? "Was the token lost? `npx trackflare deploy --new-token` replaces it."
      : "Keep the token: nobody can show it again. It is the admin's, named admin. Make tokens for jobs by `npx trackflare tokens`.";
  return `\n${url}\n\n  ${lines.join("\n  ")}\n\n${kept}\nOther commands of wrangler need this deployment's configuration: npx wrangler tail -c wrangler.${name}.toml`;
}

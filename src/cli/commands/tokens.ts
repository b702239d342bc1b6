import { Command, Option } from "commander";
import { CREDENTIALS_HELP, type ServerFlags, trackingUriOption } from "../access/access-server.ts";
import type { CreateFlags, RotateFlags } from "../access/tokens.ts";

const user = (text: string) => new Option("--user <name>", text);

/** `trackflare tokens`. */
export function tokensCommand(): Command {
  return new Command("tokens")
    .description("Make and revoke the tokens that jobs sign in by.")
    .addCommand(
      new Command("create")
        .description("Make a token. It is printed once, alone on stdout.")
        .argument("<name>", "what it is for")
        .addOption(user("whose it is; an admin may name another user"))
        .option("--scopes <scopes>", "of read, write, artifacts and admin, with commas between", "read,write,artifacts")
        .option("--experiments <ids>", "the only experiments that it opens, with commas between")
        .option("--expires <time>", "for how long it opens, such as 30d or 12h; never for ever", "90d")
        .addOption(trackingUriOption())
        .action(async (name: string, flags: CreateFlags) => (await actions()).createToken(name, flags)),
    )
    .addCommand(
      new Command("list")
        .description("Your tokens; as an admin everybody's.")
        .addOption(user("only this user's"))
        .option("--json", "print as JSON")
        .addOption(trackingUriOption())
        .action(async (flags: ServerFlags & { user?: string; json?: true }) => (await actions()).listTokens(flags)),
    )
    .addCommand(
      new Command("rotate")
        .description("Give a token another secret; the one before opens for some time yet.")
        .argument("<token_id>")
        .option("--overlap <time>", "for how long the secret before opens; 0s for not at all (default: 24h)")
        .option("--expires <time>", "for how long it opens from now on (default: as before)")
        .addOption(trackingUriOption())
        .action(async (id: string, flags: RotateFlags) => (await actions()).rotateToken(id, flags)),
    )
    .addCommand(
      new Command("revoke")
        .description("End a token.")
        .argument("<token_id>")
        .addOption(trackingUriOption())
        .action(async (id: string, flags: ServerFlags) => (await actions()).revokeToken(id, flags)),
    )
    .addHelpText("after", CREDENTIALS_HELP);
}

const actions = () => import("../access/tokens.ts");

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import {
  createToken,
  type NewToken,
  revokeToken,
  rotateToken,
  SCOPES,
  type Scope,
  type Token,
  tokensQuery,
} from "../../api/tokens.ts";
import { Button } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { ConfirmDialog, Dialog, FormDialog } from "../../parts/dialog.tsx";
import { Line, Section } from "../../parts/lines.tsx";
import { SelectField } from "../../parts/select.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { Checkbox } from "../../parts/toggles.tsx";
import { Time } from "../../parts/values.tsx";

const DAY_SECONDS = 86_400;

const LIFETIMES = [
  { value: "7", label: "A week" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "never", label: "No end" },
] as const;

const SCOPE_WORDS: Record<Scope, string> = {
  read: "Read",
  write: "Log and change",
  artifacts: "Fetch and send files",
  admin: "Users, grants, tokens",
};

/** The tokens by which jobs sign in as the reader. A secret is shown once. */
export function Tokens({ username }: { username: string }) {
  const list = useQuery(tokensQuery(username));
  const [isCreating, setCreating] = useState(false);
  const [made, setMade] = useState<NewToken>();
  const [rotating, setRotating] = useState<Token>();
  const [revoking, setRevoking] = useState<Token>();
  const rotate = useChange(rotateToken, ["tokens"]);
  const revoke = useChange(revokeToken, ["tokens"]);
  return (
    <Section title="Tokens" actions={<Button onClick={() => setCreating(true)}>New token</Button>}>
      <p className="text-ink-muted">
        A job signs in by a token in your name, and needs no password: MLFLOW_TRACKING_TOKEN.
      </p>
      {list.error !== null && list.data === undefined ? (
        <ErrorState title="The tokens could not be listed" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <SkeletonRows rows={2} />
      ) : (
        <ul>
          {list.data.map((token) => (
            <Line key={token.token_id} title={token.name} about={<AboutToken token={token} />}>
              <Button aria-label={`Rotate ${token.name}`} onClick={() => setRotating(token)}>
                Rotate
              </Button>
              <Button kind="danger" aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
                Revoke
              </Button>
            </Line>
          ))}
        </ul>
      )}
      {isCreating && <TokenDialog onClose={() => setCreating(false)} onMade={setMade} />}
      {rotating !== undefined && (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRotating(undefined)}
          title={`Rotate ${rotating.name}?`}
          description="It gets a new secret. The one before opens for another day."
          confirmLabel="Rotate"
          onConfirm={async () => setMade(await rotate.mutateAsync(rotating.token_id))}
        />
      )}
      {revoking !== undefined && (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRevoking(undefined)}
          title={`Revoke ${revoking.name}?`}
          description="Jobs that sign in by it are refused from now on. This cannot be undone."
          confirmLabel="Revoke"
          isDangerous
          onConfirm={() => revoke.mutateAsync(revoking.token_id)}
        />
      )}
      {made !== undefined && (
        <Dialog
          isOpen
          onOpenChange={() => setMade(undefined)}
          title={`The secret of ${made.token.name}`}
          description="It is shown this once: keep it where the job finds it."
          width="medium"
        >
          <CodeLines text={`export MLFLOW_TRACKING_TOKEN=${made.secret}`} label="Copy the line" />
        </Dialog>
      )}
    </Section>
  );
}

function AboutToken({ token }: { token: Token }) {
  const { scopes, experiment_ids: experiments, expiration_time, last_used_time } = token;
  const isOver = expiration_time !== undefined && expiration_time <= Date.now();
  return (
    <>
      {scopes.join(", ")}
      {experiments !== undefined && ` · experiments ${experiments.join(", ")}`}
      {" · "}
      {last_used_time === undefined ? (
        "never used"
      ) : (
        <>
          used <Time timeMs={last_used_time} />
        </>
      )}
      {" · "}
      {expiration_time === undefined ? (
        "no end"
      ) : isOver ? (
        <span className="text-danger">
          ended <Time timeMs={expiration_time} />
        </span>
      ) : (
        <>
          until <Time timeMs={expiration_time} isExact />
        </>
      )}
    </>
  );
}

function TokenDialog({ onClose, onMade }: { onClose: () => void; onMade: (made: NewToken) => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["read", "write", "artifacts"]);
  const [experiments, setExperiments] = useState("");
  const [lifetime, setLifetime] = useState<(typeof LIFETIMES)[number]["value"]>("90");
  const create = useChange(createToken, ["tokens"]);
  const ids = experiments.split(/[\s,]+/).filter((id) => id !== "");
  const submit = async (): Promise<void> => {
    const made = await create.mutateAsync({
      name,
      scopes: SCOPES.filter((scope) => scopes.includes(scope)),
      ...(ids.length > 0 && { experiment_ids: ids }),
      ...(lifetime !== "never" && { expires_in_seconds: Number(lifetime) * DAY_SECONDS }),
    });
    onMade(made);
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="New token"
      submitLabel="Create"
      onSubmit={submit}
      canSubmit={name.trim() !== "" && scopes.length > 0}
    >
      <TextField
        label="Name"
        hint="What it is for, such as nightly training."
        required
        autoFocus
        maxLength={100}
        value={name}
        onValueChange={setName}
      />
      <fieldset className="flex flex-col">
        <legend className="font-medium">It may</legend>
        {SCOPES.map((scope) => (
          <Checkbox
            key={scope}
            label={SCOPE_WORDS[scope]}
            isOn={scopes.includes(scope)}
            onChange={(isOn) => setScopes(isOn ? [...scopes, scope] : scopes.filter((other) => other !== scope))}
          />
        ))}
      </fieldset>
      <TextField
        label="Experiments"
        hint="Ids with commas between, for a token of these alone. Empty for all that you may use."
        value={experiments}
        onValueChange={setExperiments}
      />
      <SelectField label="Ends after" value={lifetime} onValueChange={setLifetime} options={LIFETIMES} />
    </FormDialog>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { changePassword, endSignIns, sessionQuery, signInsQuery } from "../../api/session.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import { Line, Section, TextPage } from "../../parts/lines.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { browserName } from "./browser-name.ts";
import { Tokens } from "./tokens.tsx";

/** The reader's own account: password, browsers, tokens. */
export function AccountScreen() {
  useBreadcrumbs([{ label: "Account" }]);
  const session = useQuery(sessionQuery());
  const [isChanging, setChanging] = useState(false);
  if (session.data === undefined) {
    return session.isError ? (
      <ErrorState
        title="The account could not be loaded"
        error={session.error}
        onRetry={() => void session.refetch()}
      />
    ) : (
      <SkeletonRows rows={12} />
    );
  }
  const { asks_for_credentials, user, can_change_password, managed_by } = session.data;
  if (!asks_for_credentials || user === null) {
    return (
      <EmptyState
        title="Nobody is signed in"
        actions={
          asks_for_credentials && (
            <a href="#/sign-in?to=%2Faccount" className={buttonClass("primary")}>
              Sign in
            </a>
          )
        }
      >
        {asks_for_credentials
          ? "Sign in to see your account."
          : "This server is open to its own machine and asks nobody for credentials."}
      </EmptyState>
    );
  }
  return (
    <TextPage title={user.username}>
      <Section
        title="Password"
        actions={can_change_password && <Button onClick={() => setChanging(true)}>Change the password</Button>}
      >
        <p className="text-ink-muted">
          {can_change_password
            ? "A new password signs out every other browser. Tokens stay valid."
            : managed_by === "settings"
              ? "This is the admin of the server's settings, whose password is a setting: TRACKFLARE_ADMIN_PASSWORD."
              : `${managed_by} manages this account. You sign in there, and change a password there.`}
        </p>
      </Section>
      <SignIns />
      {managed_by !== "settings" && <Tokens username={user.username} />}
      {isChanging && <PasswordDialog onClose={() => setChanging(false)} />}
    </TextPage>
  );
}

function SignIns() {
  const list = useQuery(signInsQuery());
  const end = useChange(endSignIns, ["sign-ins"]);
  const onError = (error: Error): void => sayFailed("The browser could not be signed out.", error);
  const others = list.data?.filter(({ is_current }) => !is_current) ?? [];
  return (
    <Section
      title="Signed-in browsers"
      actions={
        others.length > 0 && (
          <Button isBusy={end.isPending} onClick={() => end.mutate({ others: true }, { onError })}>
            Sign out all others
          </Button>
        )
      }
    >
      {list.error !== null && list.data === undefined ? (
        <ErrorState title="The browsers could not be listed" error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <SkeletonRows rows={2} />
      ) : list.data.length === 0 ? (
        <p className="text-ink-muted">No browser is signed in by a cookie.</p>
      ) : (
        <ul>
          {list.data.map(({ sign_in_id, user_agent, address, last_seen_time, creation_time, is_current }) => (
            <Line
              key={sign_in_id}
              title={<span title={user_agent}>{browserName(user_agent)}</span>}
              about={
                <>
                  {address !== "" && `${address} · `}
                  {is_current ? (
                    "this browser"
                  ) : (
                    <>
                      seen <Time timeMs={last_seen_time} />
                    </>
                  )}{" "}
                  · signed in <Time timeMs={creation_time} />
                </>
              }
            >
              {!is_current && (
                <Button
                  aria-label={`Sign out ${browserName(user_agent)}`}
                  disabled={end.isPending}
                  onClick={() => end.mutate({ sign_in_id }, { onError })}
                >
                  Sign out
                </Button>
              )}
            </Line>
          ))}
        </ul>
      )}
    </Section>
  );
}

function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const change = useChange(changePassword, ["sign-ins"]);
  const submit = async (): Promise<void> => {
    await change.mutateAsync({ current_password: current, password });
    say("The password was changed. Other browsers are signed out.");
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Change the password"
      submitLabel="Change"
      onSubmit={submit}
      canSubmit={current !== "" && password.length >= 12}
    >
      <TextField
        label="Current password"
        type="password"
        autoComplete="current-password"
        required
        autoFocus
        maxLength={1024}
        value={current}
        onValueChange={setCurrent}
      />
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        hint="At least 12 characters."
        required
        minLength={12}
        maxLength={1024}
        value={password}
        onValueChange={setPassword}
      />
    </FormDialog>
  );
}

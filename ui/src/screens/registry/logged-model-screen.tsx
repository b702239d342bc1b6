import { EmptyState } from "../../parts/states.tsx";

export const LoggedModelScreen = () => <EmptyState title="Logged model" />;

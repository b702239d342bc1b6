import { EmptyState } from "../../parts/states.tsx";

export const RunsScreen = () => <EmptyState title="Runs" />;

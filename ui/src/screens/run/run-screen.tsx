import { EmptyState } from "../../parts/states.tsx";

export const RunScreen = () => <EmptyState title="Run" />;

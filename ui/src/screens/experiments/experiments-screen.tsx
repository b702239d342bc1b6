import { EmptyState } from "../../parts/states.tsx";

export const ExperimentsScreen = () => <EmptyState title="Experiments" />;

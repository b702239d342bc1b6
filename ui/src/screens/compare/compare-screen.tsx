import { EmptyState } from "../../parts/states.tsx";

export const CompareScreen = () => <EmptyState title="Compare" />;
